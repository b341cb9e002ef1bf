"""What a model's card says beside its docstring: when to take it, and what was measured with it."""

from __future__ import annotations

from typing import Final

from pykeen_conj_hale.reproduce.papers import HALE

from .accuracy import full_runs
from .lines import MRR, Line, read
from .markdown import cores, rate

__all__ = ["WHEN", "measured"]

#: When to take a model, by its name
WHEN: Final = {
    "AttE": "where some relations are symmetric and others are not, and RotE is not enough",
    "AttH": "to repeat its paper",
    "ConjComplEx": "on small graphs by names; on sparse ones by squared distance; where memory of relations matters",
    "ConjFiveStarE": "where FiveStarE fits and memory of relations matters",
    "FiveStarE": "on small graphs whose relations are many-to-many, with N3",
    "HypER": "to repeat its paper, or where a convolution is wanted; it scores much faster than PyKEEN's ConvE",
    "QueryCP": "to compare with ComplEx and DistMult; give it reciprocal relations, and N3 or DURA",
    "QueryComplEx": "to compare with ConjComplEx: it differs in its relations alone",
    "QueryDistMult": 'with `similarity="dot"`, where relations are symmetric: it is DistMult then',
    "QueryRotatE": "as RotE, for complex vectors as PyKEEN's RotatE has them",
    "QueryTransE": "as a quick baseline, with `min_reflexive=0.01`: a query is often nearest to its own head",
    "QueryTuckER": "with texts (TextEntities): a matrix per relation chooses among words",
    "RefE": "where most relations are symmetric",
    "RefH": "to repeat its paper",
    "Rot2L": "the first choice for distances on sparse graphs",
    "RotE": "as RotL, without its flexible addition",
    "RotH": "to repeat its paper",
    "RotL": "as Rot2L, with half of its parameters per relation",
}


def measured(model: str) -> list[str]:
    """Say what was measured with a model.

    :param model: its name
    :return: a sentence per graph; the best run of each
    """
    found = []
    for line in full_runs():
        if HALE.models[line["model"]].name == model:
            where = f"{line['dataset']}, d = {line['embedding_dim']}, HaLE, {line['seconds']:,.0f} s"
            figures = f"test MRR {rate(line['test']['mrr'])}, Hits@10 {rate(line['test']['hits@10'])}"
            found.append(f"{where}, {cores(line['hardware']['threads'])}: {figures}")
    for line in read("wn18rr_conj_complex", model=model):
        where = f"WN18RR, {line['real_parameters_an_entity']} real numbers per entity, HaLE, {line['seconds']:.0f} s"
        found.append(f"{where}, {cores(line['threads'])}: test {_figures(line)}")
    for dataset, title in SMALL.items():
        lines = read("defaults", dataset=dataset, model=model, test=False)
        if lines:
            best = max(lines, key=lambda line: line[MRR])
            where = f"{title}, d = {best['dim']}, {best['loss']}, {best['epochs']} epochs"
            found.append(f"{where}, {cores(best['threads'])}: validation {_figures(best)}")
    return found


#: PyKEEN's small graphs, and how they are written
SMALL: Final = {"kinships": "Kinships", "umls": "UMLS", "nations": "Nations"}


def _figures(line: Line) -> str:
    return f"MRR {rate(line[MRR])}, Hits@10 {rate(line['hits_at_10'])}"
