"""Pictures of our results: the figures of HaLE's paper (Wang et al., 2022), and curves of what other papers compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..papers import HALE
from .activations import draw_activations
from .curves import draw_curves
from .papers import draw_papers
from .run_groups import group_runs
from .tsne import draw_tsne

__all__ = ["draw"]


def draw(lines: Sequence[Mapping[str, Any]], folder: Path, embeddings: Mapping[str, Path]) -> list[Path]:
    """Draw what the results allow; what they do not is left out, and the log says so at level INFO.

    - ``activations.png`` (the paper's Fig. 1): the activations
    - ``hits_at_10_<dataset>_<model>_<dim>_strategies.png`` and ``…_activations.png`` (Fig. 2): Hits@10 on validation
      against seconds of training, where there are two lines or more
    - ``tsne_<dataset>_<model>_<dim>.png`` (Fig. 3): the entities under each strategy; not drawn anew where the
      file shows the same embeddings

    - ``mrr_<paper>_<table>_<dataset>.png``: MRR on validation against seconds of training, of the other papers' tables

    Where there are runs under several time budgets, ``_<seconds>s`` follows in the names of all but the longest.

    :param lines: lines of finished runs; of equal ones the last is drawn
    :param folder: where to write; it is made if there is none. Each file is written whole or not at all
    :param embeddings: the files of :func:`pykeen_conj_hale.embeddings.export_embeddings`, by the key of the run
    :return: the pictures of these results
    :raises ImportError: if there is no matplotlib; without scikit-learn only the last kind is left out
    """
    of_hale = [line for line in lines if line.get("paper", HALE.name) == HALE.name]
    groups = group_runs(of_hale)
    return [
        *([draw_activations(folder)] if of_hale or not lines else []),
        *draw_curves(groups, folder, "strategies"),
        *draw_curves(groups, folder, "activations"),
        *draw_tsne(groups, folder, embeddings),
        *draw_papers(lines, folder),
    ]
