"""Write results as Markdown: ours beside the paper's."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ..files import replacing
from ..messages import Once
from .paper import Paper
from .papers import HALE, PAPERS
from .results import RESULTS_FILE, latest
from .sections import Line, group, section
from .sharing import sharing

__all__ = ["REPORT_FILE", "check_replaceable", "markdown", "write_report"]

logger = logging.getLogger(__name__)
_once = Once(logger)

REPORT_FILE: Final = "report.md"
_TITLE_END: Final = " reproduced"


def check_replaceable(folder: Path, sources: Iterable[Path], lines: Iterable[Line]) -> None:
    """Check that a new report loses nothing of the one that is there.

    :param folder: the folder of the report
    :param sources: the files of results that the new one is made of
    :param lines: what was read of them
    :raises FileExistsError: if the report that is there is no report of ours, or shows results that the new one lacks
    """
    path, results = folder / REPORT_FILE, folder / RESULTS_FILE
    if not path.exists():
        return
    if not path.read_bytes().partition(b"\n")[0].endswith(_TITLE_END.encode()):
        why = "was not written by `report`"
    elif results.exists() and not any(results.samefile(source) for source in sources):
        why = f"shows {results}, which is not among the results of the new one"
    elif not latest(lines):
        why = "would be replaced by one without any finished run"
    else:
        return
    raise FileExistsError(f"{path} {why}: give another folder by --output, or replace it by --force.")


def write_report(
    lines: Iterable[Line], folder: Path, embeddings: Mapping[str, Path] | None = None, *, pictures: bool = True
) -> Path:
    """Write ``report.md``, and the pictures where what draws them is installed.

    :param lines: results, of several folders perhaps
    :param folder: the folder to write to
    :param embeddings: the files of embeddings, by the keys of their runs
    :param pictures: whether to draw
    :return: the report
    """
    lines = latest(lines)
    paths = _draw(lines, folder, embeddings or {}) if pictures else []
    path = folder / REPORT_FILE
    with replacing(path) as file:
        file.write(markdown(lines, [drawn.relative_to(folder).as_posix() for drawn in paths]).encode())
    return path


def markdown(lines: Iterable[Line], pictures: Sequence[str] = ()) -> str:
    """Write results as Markdown, a table for each dataset of a table of a paper that has a run.

    :param lines: results
    :param pictures: paths of pictures, relative to the report
    :return: the text
    """
    by_paper: dict[str, list[Line]] = defaultdict(list)
    for line in latest(lines):
        by_paper[line.get("paper", HALE.name)].append(line)
    papers = [paper for name, paper in PAPERS.items() if name in by_paper] or [HALE]
    parts = [f"# {', '.join(paper.title for paper in papers)}{_TITLE_END}\n"]
    for paper in papers:
        parts += [paper.introduction, *_tables(paper, by_paper.get(paper.name, []))]
    if not by_paper:
        parts.append("No run is finished.\n")
    parts += [f"![{Path(picture).stem}]({picture})\n" for picture in pictures]
    return "\n".join(parts)


def _tables(paper: Paper, lines: Sequence[Line]) -> Iterator[str]:
    """Write the tables of a paper, and what is measured besides."""
    runs = group(lines)
    for name, table in paper.tables.items():
        sections = [section(paper, name, dataset, runs) for dataset in table.datasets]
        if any(sections):
            yield f"## {table.title}, d = {table.embedding_dim}\n"
            yield from filter(None, sections)
    yield from sharing(paper, runs)


def _draw(lines: Sequence[Line], folder: Path, embeddings: Mapping[str, Path]) -> list[Path]:
    try:
        from .pictures import draw

        return draw(lines, folder, embeddings)
    except ImportError as error:
        _once.warning("No pictures are drawn: %s", str(error))
        return []
