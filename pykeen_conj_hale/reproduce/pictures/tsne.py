"""Where strategies place the entities (the paper's Fig. 3), as t-SNE shows it."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...embeddings import LabeledEmbeddings, load_embeddings
from ...figures import PALETTE, WIDTH, new_figure, save
from ..strategies import labels
from .entities import Array, clusters, project, sample_labels, uniformity, vectors
from .run_groups import GroupedRuns, RunGroup, picture_names
from .style import read_description

__all__ = ["Panel", "draw_tsne", "make_panels"]

logger = logging.getLogger(__name__)

#: At most so many entities are drawn
MAX_ENTITIES = 2_000
#: Of fewer entities there is no picture
MIN_ENTITIES = 4


class Panel(NamedTuple):
    """The entities as a strategy places them."""

    strategy: str
    #: Shape: ``(entities, d)``
    vectors: Array


def draw_tsne(groups: GroupedRuns, folder: Path, embeddings: Mapping[str, Path]) -> list[Path]:
    """Draw a picture of each group, with one panel per strategy.

    :param groups: the runs; of several seeds of a strategy the least that has embeddings is drawn
    :param folder: where to write
    :param embeddings: files of embeddings by the key of the run
    :return: the files; those that show the same embeddings already are not drawn again, as that takes a while
    """
    found = {group: files for group in groups if (files := _files(group, groups, embeddings))}
    if found and not _has_sklearn():
        return []
    names = picture_names(found, "tsne_{}.png")
    pictures = [_draw_group(group, files, folder / names[group]) for group, files in found.items()]
    return [picture for picture in pictures if picture is not None]


def _files(group: RunGroup, groups: GroupedRuns, embeddings: Mapping[str, Path]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for strategy in labels("strategies"):
        for _, run in sorted(groups[group].get(strategy, {}).items()):
            if run.key in embeddings and embeddings[run.key].is_file():
                files.setdefault(strategy, embeddings[run.key])
    if not files:
        logger.info("No t-SNE of %s, %s: there are no embeddings", group, group.budget)
    return files


def _has_sklearn() -> bool:
    try:
        import sklearn  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        logger.info("No t-SNE, as there is no scikit-learn: pip install 'pykeen-conj-hale[reproduce]'")
        return False
    return True


def _draw_group(group: RunGroup, files: Mapping[str, Path], path: Path) -> Path | None:
    # The time, as a run that is done anew writes a file of the same name
    source = "; ".join(f"{strategy}: {file.name} {file.stat().st_mtime_ns}" for strategy, file in files.items())
    if read_description(path) == source:
        return path
    panels = make_panels(files)
    if not panels:
        logger.info("No t-SNE of %s, %s: there are no %d entities that all have", group, group.budget, MIN_ENTITIES)
        return None
    return _draw(group, panels, path, source)


def make_panels(files: Mapping[str, Path]) -> list[Panel]:
    """Read the embeddings of the same entities from each file.

    :param files: files of embeddings, by strategy; those that cannot be read are logged and left out
    :return: the panels, in which a row is the same entity; none if there are too few entities in common
    """
    read = {strategy: embeddings for strategy, file in files.items() if (embeddings := _load(file))}
    sample = sample_labels((embeddings.labels["entity"] for embeddings in read.values()), MAX_ENTITIES) if read else []
    if len(sample) < MIN_ENTITIES:
        return []
    return [Panel(strategy, vectors(embeddings, sample)) for strategy, embeddings in read.items()]


def _load(file: Path) -> LabeledEmbeddings | None:
    try:
        embeddings = load_embeddings(file)
        vectors(embeddings, embeddings.labels["entity"])
    except (ImportError, OSError, LookupError, ValueError) as error:
        logger.info("No t-SNE of %s: %s", file, error)
        return None
    return embeddings


def _draw(group: RunGroup, panels: Sequence[Panel], path: Path, source: str) -> Path:
    columns = len(panels) if len(panels) < 5 else math.ceil(len(panels) / 2)
    rows = math.ceil(len(panels) / columns)
    side = min(WIDTH / columns, 4.0)
    figure = new_figure(rows * (side + 0.4) + 0.6)
    first, names = panels[0], labels("strategies")
    colors = [PALETTE[i] for i in clusters(first.vectors, len(PALETTE))]
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, panel in zip(grid, panels, strict=False):
        axes.scatter(*project(panel.vectors).T, c=colors, s=5, linewidths=0)
        axes.set_title(f"{names[panel.strategy]}\nuniformity {uniformity(panel.vectors):.2f}", fontsize=10)
        axes.set(xticks=[], yticks=[], box_aspect=1)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    title = f"{group}: {len(first.vectors):,} entities by t-SNE"
    note = f"colours: k-means clusters of {names[first.strategy]}'s entities; uniformity: lower is more even"
    figure.suptitle(f"{title}\n{note}", fontsize=10)
    return save(figure, path, source)
