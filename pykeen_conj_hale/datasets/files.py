"""Finding and unpacking the files of a dataset's three splits."""

from __future__ import annotations

import dataclasses
import gzip
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from typing import IO, cast

__all__ = ["BYTE_ORDER_MARK", "SplitFile", "find_split_files", "find_split_parts"]

#: The file names (without ending) of each split, the usual one first
STEMS: Mapping[str, Sequence[str]] = {
    "training": ("train", "training"),
    "validation": ("valid", "validation", "dev"),
    "testing": ("test", "testing"),
}
BYTE_ORDER_MARK = "\ufeff"
ENDINGS = (".txt", ".tsv", ".txt.gz", ".tsv.gz", ".csv", ".csv.gz", ".parquet")
_SHEET = "save the sheet with the triples as CSV, in UTF-8"
_RDF = "write one line per triple, with tabs between subject, predicate and object"
#: What is no text with tabs, and what would do instead. Any other ending is read as text
FOREIGN: Mapping[str, str] = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods", ".numbers"), _SHEET),
    **dict.fromkeys((".nt", ".nq", ".ttl", ".rdf", ".owl", ".n3", ".jsonld"), _RDF),
    **dict.fromkeys((".json", ".jsonl", ".xml", ".pkl", ".pickle", ".npy", ".npz", ".pt", ".feather"), "save as CSV"),
    **dict.fromkeys((".zip", ".tar", ".7z", ".bz2", ".xz", ".zst", ".rar"), "unpack it, or pack it with gzip"),
}


@dataclasses.dataclass(frozen=True)
class SplitFile:
    """Where the triples of one split are: a file, or a member of a zip archive."""

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}, member {self.member}"

    @property
    def ending(self) -> str:
        """The ending that tells the format, in small letters: that of a gzipped file without ``.gz``."""
        name = (self.path.name if self.member is None else self.member).lower().removesuffix(".gz")
        return PurePath(name).suffix

    def check_format(self) -> None:
        """Refuse what is no table of triples by its ending, before its bytes are taken for text.

        :raises ValueError: if it is a spreadsheet, RDF, an archive, or the like
        """
        if advice := FOREIGN.get(self.ending):
            raise ValueError(
                f"{self}: files ending in {self.ending} are not read; {advice}. Read are {', '.join(ENDINGS)}."
            )

    def read_text(self) -> str:
        """Read the content as text, without a byte order mark.

        :returns: the text, with the line ends of the file
        :raises ValueError: if it is not UTF-8, or as in :meth:`open`
        """
        return self.decode(self.read_bytes())

    def decode(self, data: bytes, first_line: int = 1, first_byte: int = 0) -> str:
        """Decode lines of the content, without a byte order mark at its beginning.

        :param data: whole lines
        :param first_line: the number of the first of them
        :param first_byte: how many bytes are before them
        :returns: the text
        :raises ValueError: if it is not UTF-8
        """
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            at = error.start
            line = first_line + data.count(b"\n", 0, at)
            raise ValueError(
                f"{self}, line {line}: not UTF-8 at byte offset {first_byte + at} ({data[at : at + 4]!r}); save the "
                "file as UTF-8"
            ) from error
        return text if first_byte else text.removeprefix(BYTE_ORDER_MARK)

    def read_bytes(self) -> bytes:
        """Read the unpacked content.

        :returns: the bytes of the text
        :raises ValueError: as in :meth:`open`
        """
        with self.open() as stream:
            return stream.read()

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the unpacked content.

        :yields: a stream of the bytes of the text
        :raises ValueError: if the gzip or zip data is broken
        """
        try:
            with ExitStack() as stack:
                if self.member is not None:
                    archive = stack.enter_context(zipfile.ZipFile(self.path))
                    yield stack.enter_context(archive.open(self.member))
                elif self.path.suffix.lower() == ".gz":
                    yield cast(IO[bytes], stack.enter_context(gzip.open(self.path)))
                else:
                    yield stack.enter_context(self.path.open("rb"))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{self}: broken gzip data ({error}); pack the file anew") from error
        except (zipfile.BadZipFile, KeyError) as error:
            raise ValueError(f"{self}: broken zip archive ({error}); remove it, to have it downloaded anew") from error


def find_split_files(path: str | Path) -> dict[str, SplitFile]:
    """Find the three files of a folder.

    :param path: a folder with one file per split: `train`, `valid`, `test` (or `training`; `validation`, `dev`;
        `testing`), ending in `.txt`, `.tsv` or `.csv`, each also with `.gz`, or in `.parquet`
    :returns: the file of each of `training`, `validation` and `testing`
    :raises NotADirectoryError: if the path is no folder
    :raises FileNotFoundError: if there is no file for a split
    :raises ValueError: if there are several files for a split
    """
    return {split: files[0] for split, files in _find_splits(path, can_have_parts=False).items()}


def find_split_parts(path: str | Path) -> dict[str, list[SplitFile]]:
    """Find the files of the three splits of a folder, of which each may be in a folder of its own.

    :param path: a folder as for :func:`find_split_files`, where a folder may be in the place of a file
    :returns: the files of each split, in the order of their names
    :raises OSError: as for :func:`find_split_files`
    :raises ValueError: if there are several files or folders for a split, or its folder has others, or none
    """
    return _find_splits(path, can_have_parts=True)


def _find_splits(path: str | Path, can_have_parts: bool) -> dict[str, list[SplitFile]]:
    folder = Path(path).expanduser()
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise NotADirectoryError(f"path={str(path)!r} {found}; give a folder with train.txt, valid.txt and test.txt")
    entries = {entry.name: entry.is_dir() for entry in sorted(folder.iterdir())}
    names = [name for name, is_folder in entries.items() if can_have_parts or not is_folder]
    rv = {}
    for split, stems in STEMS.items():
        known = {stem + ending: False for stem in stems for ending in ENDINGS} | dict.fromkeys(stems, True)
        matches = [name for name in names if known.get(name) == entries[name]]
        if len(matches) > 1:
            raise ValueError(f"path={str(path)!r} has several {split} files: {', '.join(matches)}; leave only one")
        if not matches:
            has = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") or "no file"
            raise FileNotFoundError(
                f"path={str(path)!r} has no {split} file: looked for {' or '.join(stems)} with the ending "
                f"{', '.join(ENDINGS)}, the folder has {has}; name the file {stems[0]}.txt"
            )
        found_here = folder / matches[0]
        rv[split] = _list_parts(found_here) if entries[matches[0]] else [SplitFile(found_here)]
    return rv


def _list_parts(folder: Path) -> list[SplitFile]:
    """List the files of a split's own folder."""
    files = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "_")))
    others = [file.name for file in files if not file.name.endswith(ENDINGS)]
    if others or not files:
        has = f"has {', '.join(others[:10])}" if others else "is empty"
        raise ValueError(f"{folder} {has}; leave only files ending in {', '.join(ENDINGS)}")
    return [SplitFile(file) for file in files]
