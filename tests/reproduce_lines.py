"""Lines of results, for tests that need no training."""

from pykeen_conj_hale.reproduce.cells import Cell

HARDWARE = {"machine": "x86_64", "processor": "A processor", "threads": 2, "device": "cpu"}


def make_cell(**changes):
    facts = dict(
        table="table2", dataset="WN18RR", model="RotL", strategy="HaLE", embedding_dim=32, seconds=600.0, seed=0
    )
    return Cell(**{**facts, **changes})


def make_line(cell=None, mrr=0.4, **changes):
    cell = cell or make_cell()
    line = dict(
        format=1,
        version="0.1.0",
        status="finished",
        key=cell.key,
        **cell.facts,
        test={"mrr": mrr, "hits@1": mrr / 2, "hits@3": mrr, "hits@10": mrr * 1.25},
        validation={"mrr": mrr, "hits@1": mrr / 2, "hits@3": mrr, "hits@10": mrr * 1.25},
        curve=[[300.0, mrr / 2, mrr / 2], [600.0, mrr, mrr * 1.25]],
        parameters=1_311_628,
        triples_per_second=25_000.0,
        hardware=HARDWARE,
        command=cell.command,
        date="2026-11-21T20:00:00+00:00",
        configuration=cell.configuration()["pipeline"],
    )
    return {**line, **changes}
