"""A folder of results: one JSON line per run, which is never changed, and the embeddings of runs."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ..files import append_json_line

__all__ = ["FORMAT", "RESULTS_FILE", "ResultsFolder", "latest", "read_lines"]

logger = logging.getLogger(__name__)

#: The version of the format of a line
FORMAT: Final = 1
RESULTS_FILE: Final = "results.jsonl"

_METRICS: Final = {"mrr", "hits@1", "hits@10"}


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number that is too large
        return False


def _is_whole(value: Any) -> bool:
    return _is_number(value) and isinstance(value, int)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_number_or_missing(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_curve(value: Any) -> bool:
    """Check points of a curve: seconds, MRR, Hits@10."""
    return isinstance(value, list) and all(
        isinstance(point, list) and len(point) == 3 and all(map(_is_number, point)) for point in value
    )


def _are_metrics(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= _METRICS and all(map(_is_number, value.values()))


#: What every line has, and how it is checked
_FIELDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "status": _is_text,
    "key": _is_text,
    "dataset": _is_text,
    "model": _is_text,
    "strategy": _is_text,
    "embedding_dim": _is_whole,
    "seconds": _is_number_or_missing,
    "seed": _is_whole,
    "curve": _is_curve,
    "date": _is_text,
    "configuration": _is_mapping,
}
#: What the line of a finished run has besides
_FINISHED: Final[Mapping[str, Callable[[Any], bool]]] = {
    "test": _are_metrics,
    "validation": _are_metrics,
    "parameters": _is_whole,
    "triples_per_second": _is_number,
    "hardware": _is_mapping,
}
#: What a line may have
_OPTIONAL: Final[Mapping[str, Callable[[Any], bool]]] = {
    "command": _is_text,
    "paper": _is_text,
    "epochs": _is_whole,
    "costs": _is_mapping,
}


class ResultsFolder:
    """A folder with ``results.jsonl``, and ``embeddings/KEY.safetensors``.

    :param path: the folder; it is made when something is written
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.file = self.path / RESULTS_FILE
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
        json.dumps(line, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"it has half of a character, which no file can hold ({error}).") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON, perhaps cut off ({error}).") from error
    if not isinstance(line, dict) or "format" not in line:
        raise ValueError("it is no result of `pykeen-conj-hale reproduce`.")
    if line["format"] != FORMAT:
        raise ValueError(
            f"it is of format {line['format']!r} (version {line.get('version')}), and this version reads {FORMAT}."
        )
    checks = {**_FIELDS, **{name: check for name, check in _OPTIONAL.items() if name in line}}
    if line.get("status") == "finished":
        checks.update(_FINISHED)
    if line.get("seconds") is None:
        checks["epochs"] = _is_whole
    if wrong := [name for name, check in checks.items() if not check(line.get(name))]:
        raise ValueError(f"{', '.join(wrong)} are missing or of another type.")
    return line
