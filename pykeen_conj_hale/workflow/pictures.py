"""The pictures of a report: the curve of validation, what each relation is worth, a map of entities."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pykeen.triples import TriplesFactory

from ..figures import COLORS, new_figure, save_png, tidy
from .measuring import summarize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["as_png", "draw_curve", "draw_map", "draw_relations", "lay_out"]

Array = npt.NDArray[np.floating[Any]]

#: How many relations, entities and labels a picture has place for
MAX_RELATIONS: Final = 20
MAX_ENTITIES: Final = 2_000
MAX_LABELS: Final = 30
#: Of the model, and of what it is compared with
BLUE, GREY = COLORS[0], "#BBBBBB"
#: How many relations have a colour of their own
MAX_COLORS: Final = 6


def draw_curve(points: Sequence[Sequence[float]]) -> Figure:
    """Draw validation MRR and Hits@10 over the seconds of training.

    :param points: seconds, MRR, Hits@10
    :return: the figure
    """
    figure = new_figure(3.5)
    axes = figure.subplots()
    seconds, *lines = np.asarray(points).T
    for name, values, color in zip(("MRR", "Hits@10"), lines, COLORS[:2], strict=True):
        axes.plot(seconds, values, "o-", markersize=4, color=color, label=name)
        best = int(values.argmax())
        axes.annotate(
            f"{values[best]:.3f}", (seconds[best], values[best]), (0, 6), textcoords="offset points", ha="center"
        )
    axes.set(xlabel="training (seconds)", title="Validation", ylim=(0, min(1.08, 1.2 * max(map(max, lines)) + 0.01)))
    axes.set_xlim(left=0)
    axes.legend(frameon=False, loc="lower right")
    tidy(axes)
    return figure


def draw_relations(ranks: pd.DataFrame, baseline: pd.DataFrame) -> Figure:
    """Draw the test MRR of the most frequent relations, beside that of the most frequent answers.

    :param ranks: the ranks of the model
    :param baseline: those of the most frequent answers, of the same triples
    :return: the figure
    """
    names = ranks["relation"].value_counts().index[:MAX_RELATIONS][::-1]
    figure = new_figure(1.2 + 0.3 * len(names))
    axes = figure.subplots()
    for table, label, color, width in (
        (ranks, "the model", BLUE, 0.75),
        (baseline, "most frequent answers", GREY, 0.4),
    ):
        values = [summarize(table[table["relation"] == name])["MRR"] for name in names]
        axes.barh(range(len(names)), values, width, color=color, label=label)
    counts = [int((ranks["relation"] == name).sum()) // 2 for name in names]
    axes.set_yticks(range(len(names)), [f"{_short(name)} ({n:,})" for name, n in zip(names, counts, strict=True)])
    axes.set(xlabel="MRR on test triples, whose number is in brackets", xlim=(0, 1), title="Relations")
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    tidy(axes)
    return figure


def draw_map(vectors: Array, training: TriplesFactory) -> tuple[Figure, str]:
    """Draw the entities of the most triples in a plane, in the colour of the relation that they are most often tail of.

    :param vectors: shape: ``(num_entities, d)``
    :param training: the training triples
    :return: the figure, and how the plane was found
    """
    shown = np.argsort(-_count(training), kind="stable")[:MAX_ENTITIES]
    points, how = lay_out(vectors[shown])
    relation = _main_relation(training)[shown]
    common = [int(r) for r in pd.Series(relation[relation >= 0]).value_counts().index[:MAX_COLORS]]
    figure = new_figure(6.5)
    axes = figure.subplots()
    groups = [(np.isin(relation, common, invert=True), GREY, "other")]
    for r, color in zip(common, COLORS, strict=False):
        groups.append((relation == r, color, _short(training.relation_id_to_label[r])))
    for is_in, color, label in groups:
        x, y = points[is_in].T
        # a label that begins with an underscore would be left out of the legend
        name = f" {label}" if label.startswith("_") else label
        axes.scatter(x, y, s=14 if len(shown) > 300 else 40, color=color, label=name, alpha=0.8, linewidths=0)
    for row in range(min(MAX_LABELS, len(shown))):
        label = _short(training.entity_id_to_label[int(shown[row])])
        axes.annotate(label, points[row], (3, 3), textcoords="offset points", fontsize=8)
    axes.set_axis_off()
    axes.set_title("Entities, by the relation that they are most often the tail of")
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
    return figure, how


def lay_out(x: Array) -> tuple[Array, str]:
    """Lay vectors out in a plane: by t-SNE if scikit-learn is there, else by their two principal components.

    :param x: shape: ``(n, d)``
    :return: shape: ``(n, 2)``, and the name of the method
    """
    x = x.astype(np.float64) - x.mean(axis=0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    plane = np.zeros((len(x), 2))
    plane[:, : min(2, len(s))] = (u * s)[:, :2]
    if len(x) < 10 or not s[0] > 0:
        return plane, "principal components"
    try:
        from sklearn.manifold import TSNE  # type: ignore[import-untyped]
    except ImportError:
        return plane, "principal components; with scikit-learn it is a t-SNE, which shows groups better"
    tsne: Any = TSNE(
        init=plane[:, :2] / plane[:, 0].std() * 1e-4, perplexity=min(30.0, (len(x) - 1) / 3), random_state=0
    )
    return np.asarray(tsne.fit_transform(x / s[0]), dtype=np.float64), "t-SNE"


def as_png(figure: Figure) -> bytes:
    """Draw a figure.

    :param figure: the figure
    :return: the content of a PNG file
    """
    buffer = io.BytesIO()
    save_png(figure, buffer)
    return buffer.getvalue()


def _count(training: TriplesFactory) -> npt.NDArray[np.int64]:
    ends = training.mapped_triples[:, [0, 2]].flatten().numpy()
    return np.bincount(ends, minlength=training.num_entities)


def _main_relation(training: TriplesFactory) -> npt.NDArray[np.int64]:
    """Find the relation that each entity is most often tail of; -1 for none."""
    _, r, t = training.mapped_triples.numpy().T
    pairs = pd.DataFrame({"entity": t, "relation": r}).value_counts().reset_index().drop_duplicates("entity")
    found = np.full(training.num_entities, -1)
    found[pairs["entity"]] = pairs["relation"]
    return found


def _short(label: str) -> str:
    # a dollar would begin mathematics
    return (label if len(label) <= 32 else f"{label[:31]}…").replace("$", r"\$")
