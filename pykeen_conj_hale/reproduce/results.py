"""A folder of results: one JSON line per run, which is never changed, and the embeddings of runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ..files import append_json_line

__all__ = ["FORMAT", "ResultsFolder", "latest", "read_lines"]

logger = logging.getLogger(__name__)

#: The version of the format of a line
FORMAT: Final = 1

_NUMBER: Final = (int, float)
#: What every line has, and of which type
_FIELDS: Final[Mapping[str, Any]] = {
    "status": str,
    "key": str,
    "dataset": str,
    "model": str,
    "strategy": str,
    "embedding_dim": int,
    "seconds": _NUMBER,
    "seed": int,
    "curve": list,
    "date": str,
    "configuration": dict,
}
#: What the line of a finished run has besides
_FINISHED: Final[Mapping[str, Any]] = {
    "test": dict,
    "validation": dict,
    "parameters": int,
    "triples_per_second": _NUMBER,
    "hardware": dict,
}
_METRICS: Final = {"mrr", "hits@1", "hits@10"}


class ResultsFolder:
    """A folder with ``results.jsonl``, and ``embeddings/KEY.safetensors``.

    :param path: the folder; it is made when something is written
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.file = self.path / "results.jsonl"
        #: What is in the file
        self.lines = read_lines(self.file) if self.file.exists() else []

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line, which is on the disk when this returns.

        :param line: the line; its format is added
        """
        line = {"format": FORMAT, **line}
        append_json_line(self.file, line)
        self.lines.append(line)

    def status(self, key: str) -> str | None:
        """Get the state of a run.

        :param key: the run's key
        :return: ``"finished"``, whatever was tried since, or the last of ``"interrupted"`` and ``"failed"``; None if
            the run was never begun
        """
        states = [line["status"] for line in self.lines if line["key"] == key]
        return "finished" if "finished" in states else states[-1] if states else None

    def embeddings_file(self, key: str) -> Path:
        """Get the file with the embeddings of a run.

        :param key: the run's key
        :return: the file, which need not exist
        """
        return self.path / "embeddings" / f"{key}.safetensors"

    def embeddings(self) -> dict[str, Path]:
        """Find the files with embeddings.

        :return: the files by the keys of their runs
        """
        return {path.stem: path for path in sorted(self.path.glob("embeddings/*.safetensors"))}


def read_lines(path: str | Path) -> list[dict[str, Any]]:
    """Read a file of results; lines that are broken or of another format are skipped, and the log names them.

    :param path: the file
    :return: its lines
    """
    lines = []
    for number, text in enumerate(Path(path).read_bytes().split(b"\n"), start=1):
        if not text.strip():
            continue
        try:
            lines.append(_parse(text))
        except ValueError as error:
            logger.warning("%s, line %d is skipped: %s", path, number, error)
    return lines


def latest(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the last finished line of each run.

    :param lines: lines, of several files perhaps
    :return: one line per run
    """
    finished = (line for line in lines if line["status"] == "finished")
    return list({line["key"]: line for line in sorted(finished, key=lambda line: str(line["date"]))}.values())


def _parse(text: bytes) -> dict[str, Any]:
    """Read a line.

    :raises ValueError: if it is not a line of this format
    """
    try:
        line = json.loads(text)
    except ValueError as error:
        raise ValueError(f"it is no JSON, perhaps cut off ({error}).") from error
    if not isinstance(line, dict) or "format" not in line:
        raise ValueError("it is no result of `pykeen-conj-hale reproduce`.")
    if line["format"] != FORMAT:
        raise ValueError(
            f"it is of format {line['format']!r} (version {line.get('version')}), and this version reads {FORMAT}."
        )
    finished = line.get("status") == "finished"
    fields = {**_FIELDS, **(_FINISHED if finished else {})}
    wrong = [name for name, kind in fields.items() if not isinstance(line.get(name), kind)]
    if finished and not wrong:
        wrong = [name for name in ("test", "validation") if not line[name].keys() >= _METRICS]
    if not wrong and not all(_is_point(point) for point in line["curve"]):
        wrong = ["points of the curve"]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} are missing or of another type.")
    return line


def _is_point(point: Any) -> bool:
    """Check a point of a curve: seconds, MRR, Hits@10."""
    return isinstance(point, list) and len(point) == 3 and all(isinstance(value, _NUMBER) for value in point)
