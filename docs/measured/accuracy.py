"""Tables of accuracy: beside PyKEEN's own model, beside the paper, without parts of the loss."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping
from typing import Final

from pykeen_conj_hale.reproduce.papers import HALE, HYPER, HYPERBOLIC

from .lines import MRR, Line, only, read
from .markdown import cores, difference, rate, table

__all__ = ["ABLATION", "FIGURE2", "TABLES", "full_runs"]

#: Seconds of the ablation's shorter runs, half of the paper's
SHORT_RUN: Final = 300.0

#: Strategies of the ablation, in the paper's order
ABLATION: Final = ("HaLE", "HaLE-no-activation", "HaLE-no-square", "HaLE-no-scale", "HA+SamNeg", "HA+AllNeg")

#: Strategies of the paper's Figure 2, by what they differ in, and how they are written
FIGURE2: Final[dict[str, dict[str, str]]] = {
    "Strategies": {
        "HaLE": "HaLE",
        "NonNeg": "no negatives",
        "SamNeg": "sampled negatives",
        "AdvNeg": "self-adversarial negatives",
        "AllNeg": "all negatives",
    },
    "Activations": {
        "HaLE": "Hanon",
        "HaLE-halin": "Halin",
        "HaLE-2x": "2x",
        "HaLE-xexp": "x eˣ",
        "HaLE-2artanh": "2 artanh",
        "HaLE-no-activation": "none",
    },
}

#: How an option of the loss is written
LOSS_OPTIONS: Final[dict[str, Callable[[object], str]]] = {
    "gamma": "γ = {}".format,
    "activation": "activation {}".format,
    "square": lambda square: "square" if square else "no square",
}


def beside_pykeen() -> str:
    """Compare ConjComplEx with HaLE and PyKEEN's ComplEx, in the same seconds."""
    rows = []
    for line in read("wn18rr_conj_complex"):
        ours = line["model"] == "ConjComplEx"
        rows.append(
            [
                "`ConjComplEx` with HaLE" if ours else "PyKEEN's `ComplEx`, cross entropy under LCWA",
                line["real_parameters_an_entity"],
                line["epochs"],
                *(rate(line[key], bold=ours) for key in (MRR, "hits_at_1", "hits_at_3", "hits_at_10")),
            ]
        )
    headers = ["", "real numbers per entity", "epochs in 600 s", "MRR", "Hits@1", "Hits@3", "Hits@10"]
    return table(headers, rows)


def similarities() -> str:
    """Show which similarity suits HaLE, for ConjComplEx."""
    rows = []
    for line in sorted(read("wn18rr_similarity"), key=lambda line: -line[MRR]):
        model = {"similarity": "dot", **line["model_kwargs"]}
        options = [
            model["similarity"].replace("_", " "),
            *(key.replace("_", " ") for key in model if model[key] is True),
        ]
        loss = ", ".join(LOSS_OPTIONS[key](value) for key, value in line["loss_kwargs"].items())
        rows.append(
            [", ".join(options), f"HaLE, {loss}" if loss else "HaLE", rate(line[MRR]), rate(line["hits_at_10"])]
        )
    return table(["similarity", "loss", "MRR", "Hits@10"], rows)


def full_runs(dataset: str | None = None) -> list[Line]:
    """Read HaLE's runs in the paper's time.

    :param dataset: of this dataset only
    :return: the lines: datasets in the paper's order, the best model first
    """
    lines = [
        line
        for line in read("reproduce", strategy="HaLE", status="finished", seed=0)
        if line["seconds"] != SHORT_RUN or line["dataset"] == "CoDEx-S"
    ]
    order = list(HALE.datasets)
    lines.sort(key=lambda line: (order.index(line["dataset"]), -line["test"]["mrr"]))
    return [line for line in lines if dataset in (None, line["dataset"])]


def beside_the_paper() -> str:
    """Show HaLE in the paper's protocol and time."""
    rows = []
    for line in full_runs():
        paper = _paper_of(line, "HaLE")
        mrr, hits_10, hits_1 = (
            [rate(line["test"][key], bold=line["test"][key] > paper[key]), rate(paper[key])]
            for key in ("mrr", "hits@10", "hits@1")
        )
        rows.append(
            [
                line["dataset"],
                f"{line['model']}, {line['embedding_dim']}",
                f"{line['seconds']:,.0f}",
                line["hardware"]["threads"],
                *mrr,
                difference(line["test"]["mrr"], paper["mrr"]),
                _spread(line),
                *hits_10,
                *hits_1,
                line["epochs"],
            ]
        )
    headers = ["dataset", "model, d", "seconds", "cores", "MRR", "the paper", "difference", "of 2 or 3 seeds"]
    return table([*headers, "Hits@10", "the paper", "Hits@1", "the paper", "epochs"], rows)


def _spread(line: Line) -> str:
    """Write the least and the largest MRR of all seeds of a run, and their number."""
    same = {key: line[key] for key in ("dataset", "model", "strategy", "seconds", "status")}
    found = [other["test"]["mrr"] for other in read("reproduce", **same)]
    return f"{rate(min(found))} – {rate(max(found))} ({len(found)})" if len(found) > 1 else ""


def negatives() -> str:
    """Show sampled negatives beside HaLE in the same time, with the paper's figures of both."""
    rows = []
    for hale in full_runs():
        found = [
            line
            for line in read("reproduce", dataset=hale["dataset"], model=hale["model"], strategy="AdvNeg-tuned")
            if line["seconds"] == hale["seconds"]
        ]
        if not found:
            continue
        (line,) = found
        papers = [_paper_of(line, strategy)["mrr"] for strategy in ("HaLE", "AdvNeg-tuned")]
        rows.append(
            [
                line["dataset"],
                f"{line['model']}, {line['embedding_dim']}",
                f"{line['seconds']:,.0f}",
                rate(line["test"]["mrr"]),
                rate(hale["test"]["mrr"]),
                *(rate(line["test"][key]) for key in ("hits@1", "hits@10")),
                line["epochs"],
                hale["epochs"],
                *map(rate, reversed(papers)),
            ]
        )
    headers = ["dataset", "model, d", "seconds", "negatives: MRR", "HaLE: MRR", "negatives: Hits@1", "Hits@10"]
    return table([*headers, "epochs", "HaLE's", "the paper's negatives", "the paper's HaLE"], rows)


def _paper_of(line: Line, strategy: str) -> Mapping[str, float]:
    name = "table3" if line["dataset"].startswith("CoDEx") else "table2"
    return HALE.figures(name, line["dataset"], strategy, line["model"])


def ablation() -> str:
    """Show RotL on WN18RR in the paper's time, and in half of it, without parts of the loss."""
    rows = []
    for strategy in ABLATION:
        line = only("table5", strategy=strategy)
        short = only("reproduce", dataset="WN18RR", model="RotL", strategy=strategy, seconds=SHORT_RUN, seed=0)
        paper = HALE.figures("table5", "WN18RR", strategy, "RotL")
        metrics = ("mrr", "hits@1", "hits@10")
        rows.append(
            [
                strategy,
                *(rate(line["test"][key]) for key in metrics),
                *(rate(paper[key]) for key in metrics),
                difference(line["test"]["mrr"], paper["mrr"]),
                line["epochs"],
                rate(short["test"]["mrr"]),
            ]
        )
    titles = ("MRR", "Hits@1", "Hits@10")
    paper_headers = [f"the paper: {metric}" for metric in titles]
    return table(["", *titles, *paper_headers, "difference of MRR", "epochs", "MRR after 300 s"], rows)


def seeds() -> str:
    """Show how much seeds spread."""
    lines = read("reproduce", dataset="WN18RR", strategy="HaLE", status="finished")
    cells = [(line["model"], line["seconds"]) for line in lines if line["seed"] == 1]
    rows = [
        [
            line["model"],
            f"{line['seconds']:.0f}",
            line["hardware"]["threads"],
            line["seed"],
            *(rate(line["test"][key]) for key in ("mrr", "hits@1", "hits@10")),
            line["epochs"],
        ]
        for cell in sorted(set(cells), reverse=True)
        for line in sorted(lines, key=lambda line: line["seed"])
        if (line["model"], line["seconds"]) == cell
    ]
    return table(["model", "seconds", "cores", "seed", "MRR", "Hits@1", "Hits@10", "epochs"], rows)


def figure2() -> str:
    """Show what the runs of the paper's Figure 2 have reached."""
    # HaLE is in both panels
    labels = {**FIGURE2["Strategies"], **FIGURE2["Activations"], "HaLE": "HaLE, Hanon"}
    rows = []
    for strategy, label in labels.items():
        line = only("figure2", strategy=strategy)
        rows.append([label, *(rate(line["test"][key]) for key in ("mrr", "hits@1", "hits@10")), line["epochs"]])
    return table(["", "MRR", "Hits@1", "Hits@10", "epochs"], rows)


def figure3() -> str:
    """Show the uniformity of the entities in the pictures of the paper's Figure 3."""
    rows = [
        [
            FIGURE2["Strategies"][line["strategy"]],
            f"{line['uniformity']:.2f}".replace("-", "−"),
            rate(line["reached"]["mrr"]),
            rate(line["reached"]["hits@10"]),
            line["epochs"],
        ]
        for line in read("figure3")
    ]
    return table(["", "uniformity", "MRR", "Hits@10", "epochs"], rows)


def time_to_target() -> str:
    """Show the seconds until WN18RR's validation MRR passes .40."""
    rows = []
    for line in read("time_to_mrr"):
        ours = line["way"] in ("RotL", "RotE")
        last_seconds, last_mrr = line["curve"][-1]
        rows.append(
            [
                f"`{line['way']}` with HaLE" if ours else f"PyKEEN's `{line['way']}`, self-adversarial, 256 negatives",
                f"**{line['passed_at']:.0f}**" if line["passed_at"] else f"more than {last_seconds:.0f}",
                rate(last_mrr),
                line["epochs"],
            ]
        )
    complex_ = only("wn18rr_conj_complex", model="ComplEx", real_parameters_an_entity=32)
    rows.append(
        [
            "PyKEEN's `ComplEx`, cross entropy under LCWA",
            f"more than {complex_['seconds']:.0f}",
            f"{rate(complex_[MRR])} (test)",
            complex_["epochs"],
        ]
    )
    return table(["", "seconds", "MRR then", "epochs"], rows)


#: Epochs of runs that say what an epoch takes, and nothing of the accuracy
_FOR_THEIR_TIME: Final = (2, 3)
#: Which entities a strategy trains against
_ENTITIES: Final = {"N3": "all", "N3-sampled": "a sample"}


def shared_and_unshared() -> str:
    """Compare models whose relations share parameters with their unshared twins: medians over seeds, and spread."""
    lines = [line for line in read("conjugate", status="finished") if line["epochs"] not in _FOR_THEIR_TIME]
    rows = []
    keys = ("dataset", "embedding_dim", "strategy", "model")
    cells = dict.fromkeys(tuple(line[key] for key in keys) for line in lines)
    # the pairs of a table together, and in each, as in the lines, the unshared one first
    for cell in sorted(cells, key=lambda cell: (*cell[:3], "FiveStarE" in cell[3])):
        runs = [line for line in lines if tuple(line[key] for key in keys) == cell]
        graph, dim, strategy, model = cell
        reached = sorted(line["test"]["mrr"] for line in runs)
        rows.append(
            [
                graph,
                dim,
                _ENTITIES[strategy],
                f"`{model}`",
                len(runs),
                rate(statistics.median(reached)),
                f"{rate(reached[0])} – {rate(reached[-1])}",
                *(rate(statistics.median(line["test"][key] for line in runs)) for key in ("hits@1", "hits@10")),
                f"{runs[0]['costs']['relation_bytes']['model']:,}",
                f"{runs[0]['costs']['relation_bytes']['optimizer']:,}",
                f"{runs[0]['costs']['relation_bytes']['checkpoint']:,}",
            ]
        )
    titles = [
        "graph",
        "d",
        "entities",
        "model",
        "seeds",
        "MRR",
        "lowest – highest",
        "Hits@1",
        "Hits@10",
        "bytes of relations",
        "of their moments",
    ]
    return table([*titles, "in a checkpoint"], rows)


def sharing_costs() -> str:
    """Compare the seconds per epoch of models whose relations share parameters with their unshared twins'."""
    rows = []
    lines = read("conjugate", status="finished")
    for line in sorted(lines, key=lambda line: (line["dataset"], _device(line), "FiveStarE" in line["model"])):
        if line["epochs"] in _FOR_THEIR_TIME:
            costs = line["costs"]
            rows.append(
                [
                    line["dataset"],
                    line["embedding_dim"],
                    _ENTITIES[line["strategy"]],
                    _device(line),
                    f"`{line['model']}`",
                    f"{costs['seconds_per_epoch']:.2f}",
                    f"{costs['regularizer_share']:.0%}".replace("%", " %"),
                ]
            )
    return table(["graph", "d", "entities", "device", "model", "seconds per epoch", "of them N3"], rows)


def _device(line: Line) -> str:
    """Write the device of a run: ``1 core``, or a GPU's short name."""
    name: str = line["hardware"]["device"]
    return cores(line["hardware"]["threads"]) if name == "cpu" else name.removeprefix("NVIDIA ").split()[0]


def low_dimensional(dataset: str, folder_name: str) -> str:
    """Compare distances with 32 numbers per entity, all under HaLE in the same seconds, and their papers' figures.

    :param dataset: the name of the dataset in the papers
    :param folder_name: its name in the lines
    :return: the table
    """
    rows = []
    lines = read("low_dimensional", dataset=folder_name, test=True)
    for line in sorted(lines, key=lambda line: -line[MRR]):
        name = line["model"]
        published = HYPERBOLIC.figures("low-dimensional", dataset, "logistic", name)
        with_hale = HALE.figures("table2", dataset, "HaLE", name)
        rows.append(
            [
                f"`{name}`",
                *(
                    rate(line[key], bold=key == MRR and line[MRR] == max(x[MRR] for x in lines))
                    for key in (MRR, "hits_at_1", "hits_at_10")
                ),
                rate(with_hale["mrr"]) if with_hale else "–",
                rate(published["mrr"]) if published else "–",
            ]
        )
    titles = ["", "MRR", "Hits@1", "Hits@10", "HaLE's paper", "the model's own paper"]
    return table(titles, rows)


def logistic() -> str:
    """Put what hyperbolic models reach by their paper's own training beside the same seconds of HaLE."""
    names = {"WN18RR": "WN18RR-all", "FB15k-237": "fb15k237all"}
    rows = []
    for line in read("hyperbolic", status="finished"):
        graph, model = line["dataset"], line["model"]
        with_hale = only("low_dimensional", dataset=names[graph], test=True, model=model)
        paper = HYPERBOLIC.figures("low-dimensional", graph, "logistic", model)
        rows.append(
            [
                graph,
                f"`{model}`",
                f"{line['seconds']:,.0f}",
                line["epochs"],
                *(rate(line["test"][key]) for key in ("mrr", "hits@1", "hits@10")),
                rate(with_hale[MRR]),
                rate(paper["mrr"]) if paper else "–",
            ]
        )
    return table(["graph", "", "seconds", "epochs", "MRR", "Hits@1", "Hits@10", "HaLE: MRR", "the paper's MRR"], rows)


def products() -> str:
    """Compare products with and without a regularizer."""
    rows = []
    for line in read("products", test=True):
        arguments = json.loads(line["settings"])
        weight = line["n3"] or arguments.get("regularizer_kwargs", {}).get("weight", 0)
        name = "N3" if line["n3"] else arguments.get("regularizer", "none")
        same = dict(model=line["model"], n3=line["n3"], settings=line["settings"])
        rows.append(
            [
                f"`{line['model']}`, {line['dim']}",
                f"{name}, {weight}" if weight else name,
                rate(only("products", test=False, **same)[MRR]),
                *(rate(line[key]) for key in (MRR, "hits_at_1", "hits_at_10")),
            ]
        )
    return table(["model, d", "regularizer, weight", "validation MRR", "MRR", "Hits@1", "Hits@10"], rows)


def hyper() -> str:
    """Put HypER's first epochs, and ConvE's, beside the paper's final figures."""
    rows = []
    for line in sorted(read("hyper", status="finished"), key=_hyper_order):
        title, name = _hyper_title(line)
        paper = HYPER.figures(name, line["dataset"], line["strategy"], line["model"])
        rows.append(
            [
                line["dataset"],
                title,
                line["epochs"],
                f"{line['curve'][-1][0]:,.0f}",
                _device(line),
                *(rate(line["test"][key]) for key in ("mrr", "hits@1", "hits@10")),
                rate(paper["mrr"]) if paper else "–",
            ]
        )
    return table(["graph", "", "epochs", "seconds", "on", "MRR", "Hits@1", "Hits@10", "the paper's MRR"], rows)


def _hyper_order(line: Line) -> tuple[str, int, int]:
    """Sort by graph; the strategies as the paper has them; the longest run first."""
    return line["dataset"], list(HYPER.strategies).index(line["strategy"]), -line["epochs"]


def _hyper_title(line: Line) -> tuple[str, str]:
    """Say what is trained, and in which of the paper's tables it is."""
    strategy = line["strategy"]
    if strategy == "1-N":
        return "HypER" if line["model"] == "HypER" else f"PyKEEN's {line['model']}", "results"
    if strategy == "1-N-no-hypernetwork":
        return "without the hypernetwork", "no-hypernetwork"
    return f"HypER, filters of {strategy.rpartition('-')[2]}", "filter-length"


TABLES: Final[dict[str, Callable[[], str]]] = {
    "beside-pykeen": beside_pykeen,
    "similarities": similarities,
    "beside-the-paper": beside_the_paper,
    "negatives": negatives,
    "ablation": ablation,
    "figure2": figure2,
    "figure3": figure3,
    "seeds": seeds,
    "time-to-target": time_to_target,
    "shared-unshared": shared_and_unshared,
    "sharing-costs": sharing_costs,
    "low-dimensional": lambda: low_dimensional("WN18RR", "WN18RR-all"),
    "low-dimensional-dense": lambda: low_dimensional("FB15k-237", "fb15k237all"),
    "logistic": logistic,
    "products": products,
    "hyper": hyper,
}
