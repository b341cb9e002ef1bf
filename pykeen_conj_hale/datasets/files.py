"""Finding and unpacking the files of a dataset's three splits."""

from __future__ import annotations

import dataclasses
import gzip
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

__all__ = ["SplitFile", "find_split_files"]

#: The file names (without ending) of each split, the usual one first
STEMS: Mapping[str, Sequence[str]] = {
    "training": ("train", "training"),
    "validation": ("valid", "validation", "dev"),
    "testing": ("test", "testing"),
}
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
        :raises ValueError: if it is not UTF-8, or as in :meth:`read_bytes`
        """
        data = self.read_bytes()
        try:
            return data.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            at = error.start
            line = 1 + data.count(b"\n", 0, at)
            raise ValueError(
                f"{self}, line {line}: not UTF-8 at byte offset {at} ({data[at : at + 4]!r}); save the file as UTF-8"
            ) from error

    def read_bytes(self) -> bytes:
        """Read the unpacked content.

        :returns: the bytes of the text
        :raises ValueError: if the gzip or zip data is broken
        """
        try:
            if self.member is not None:
                with zipfile.ZipFile(self.path) as archive:
                    return archive.read(self.member)
            data = self.path.read_bytes()
            return gzip.decompress(data) if self.path.suffix == ".gz" else data
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
    folder = Path(path).expanduser()
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise NotADirectoryError(f"path={str(path)!r} {found}; give a folder with train.txt, valid.txt and test.txt")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    rv = {}
    for split, stems in STEMS.items():
        matches = [name for name in names if name in {stem + ending for stem in stems for ending in ENDINGS}]
        if len(matches) > 1:
            raise ValueError(f"path={str(path)!r} has several {split} files: {', '.join(matches)}; leave only one")
        if not matches:
            has = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") or "no file"
            raise FileNotFoundError(
                f"path={str(path)!r} has no {split} file: looked for {' or '.join(stems)} with the ending "
                f"{', '.join(ENDINGS)}, the folder has {has}; name the file {stems[0]}.txt"
            )
        rv[split] = SplitFile(folder / matches[0])
    return rv
