"""Write results as Markdown: ours beside the paper's."""

from __future__ import annotations

import logging
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from tabulate import tabulate

from ..files import replacing
from ..messages import Once
from .cells import fingerprint
from .paper import paper_figures, paper_seconds
from .results import RESULTS_FILE, latest
from .strategies import paper_row
from .tables import TABLES, Table

__all__ = ["REPORT_FILE", "check_replaceable", "markdown", "write_report"]

logger = logging.getLogger(__name__)
_once = Once(logger)

#: The line of a finished run
Line: TypeAlias = Mapping[str, Any]

_METRICS: Final = {"mrr": "MRR", "hits@1": "Hits@1", "hits@10": "Hits@10"}
_HEADERS: Final = [
    "model",
    "strategy",
    *_METRICS.values(),
    "seeds",
    *(f"{name}, paper" for name in _METRICS.values()),
    "difference",
    "parameters",
    "triples/s",
    "seconds",
]
_NONE: Final = "–"

REPORT_FILE: Final = "report.md"
_TITLE: Final = "# HaLE reproduced"
_INTRODUCTION: Final = f"""\
{_TITLE}

Beside what [Wang et al. (2022)](https://arxiv.org/abs/2201.00565) report. Test triples, filtered ranks against all
entities, both directions, the best model on the validation triples within the time of training. Evaluation is not
counted as training. Ours are medians over seeds. The paper's were trained on a GTX 1070; its row of negative sampling,
the better of uniform and self-adversarial weights, is beside both of ours (SamNeg, AdvNeg).
"""


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
    if not path.read_bytes().startswith(_TITLE.encode()):
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
    """Write results as Markdown, a table for each dataset of a table of the paper that has a run.

    :param lines: results
    :param pictures: paths of pictures, relative to the report
    :return: the text
    """
    runs = _group(latest(lines))
    parts = [_INTRODUCTION]
    for name, table in TABLES.items():
        sections = [_section(name, table, dataset, runs) for dataset in table.datasets]
        if any(sections):
            parts += [f"## {table.title}, d = {table.embedding_dim}\n", *filter(None, sections)]
    if len(parts) == 1:
        parts.append("No run is finished.\n")
    parts += [f"![{Path(picture).stem}]({picture})\n" for picture in pictures]
    return "\n".join(parts)


#: What is trained, and the runs of one configuration of each time
_Runs: TypeAlias = Mapping[tuple[str, str, str, int], Mapping[float, Sequence[Line]]]


def _group(lines: Iterable[Line]) -> _Runs:
    """Group runs by what is trained. Of several configurations, the one that was run last counts."""
    runs: dict[Any, dict[float, list[Line]]] = defaultdict(dict)
    newest_first = sorted(lines, key=lambda line: str(line["date"]), reverse=True)
    for line in newest_first:
        what = (line["dataset"], line["model"], line["strategy"], line["embedding_dim"])
        same = runs[what].setdefault(line["seconds"], [])
        if not same or fingerprint(same[0]["configuration"]) == fingerprint(line["configuration"]):
            same.append(line)
    return runs


def _section(name: str, table: Table, dataset: str, runs: _Runs) -> str | None:
    """Write the table of a dataset, if it has a run."""
    rows: list[list[str]] = []
    shown: list[Line] = []
    for model in table.models:
        for strategy in table.strategies:
            by_seconds = runs.get((dataset, model, strategy, table.embedding_dim), {})
            figures = paper_figures(name, dataset, paper_row(strategy), model)
            for seconds, same in sorted(by_seconds.items()):
                rows.append([model, strategy, *_row(same, seconds, paper_seconds(dataset), figures)])
                shown += same
            if not by_seconds:
                rows.append([model, strategy, *_row([], None, paper_seconds(dataset), figures)])
    if not shown:
        return None
    text = tabulate(rows, headers=_HEADERS, tablefmt="pipe", disable_numparse=True)
    return "\n".join([f"### {dataset}\n", text, "", *_notes(shown, paper_seconds(dataset))]) + "\n"


def _row(
    same: Sequence[Line], seconds: float | None, budget: float, figures: Mapping[str, float] | None
) -> Iterator[str]:
    """Write the cells of a row, from the runs that differ in their seed only."""
    ours = {metric: statistics.median(line["test"][metric] for line in same) for metric in _METRICS if same}
    yield from (_fraction(ours.get(metric)) for metric in _METRICS)
    yield str(len(same)) if same else _NONE
    yield from (_fraction(None if figures is None else figures[metric]) for metric in _METRICS)
    both = [(ours[metric], figures[metric]) for metric in _METRICS if ours and figures]
    yield " / ".join(("+" if our >= paper else "−") + _fraction(abs(our - paper)) for our, paper in both) or _NONE
    yield f"{same[0]['parameters']:,}" if same else _NONE
    yield f"{statistics.median(line['triples_per_second'] for line in same):,.0f}" if same else _NONE
    yield _NONE if seconds is None else f"{seconds:g}" if seconds == budget else f"{seconds:g} (paper: {budget:g})"


def _fraction(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}".removeprefix("0")


def _notes(shown: Sequence[Line], budget: float) -> Iterator[str]:
    """Write the notes below a table: other times, hardware and seeds, a command."""
    if any(line["seconds"] != budget for line in shown):
        yield f"Some runs had other times than the {budget:g} seconds of the paper's figures beside them.\n"
    where = defaultdict(set)
    for line in shown:
        hardware = line["hardware"]
        machine = f"{hardware.get('processor') or hardware.get('machine')}, threads: {hardware.get('threads')}"
        device = hardware.get("device", "cpu")
        where[machine if device == "cpu" else f"{device} ({machine})"].add(line["seed"])
    for name, seeds in where.items():
        yield f"On {name}; {'seeds' if len(seeds) > 1 else 'seed'} {', '.join(map(str, sorted(seeds)))}.\n"
    commands = sorted({line["command"] for line in shown if "command" in line})
    if commands:
        yield f"One of them again: `{commands[0]}`\n"


def _draw(lines: Sequence[Line], folder: Path, embeddings: Mapping[str, Path]) -> list[Path]:
    try:
        from .pictures import draw

        return draw(lines, folder, embeddings)
    except ImportError as error:
        _once.warning("No pictures are drawn: %s", str(error))
        return []
