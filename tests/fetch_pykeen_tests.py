"""Fetch PyKEEN's own test cases: mixins that run on any model, loss or training loop, also on ours.

They are in PyKEEN's source archive only. This downloads the archive of the PyKEEN version installed here, once, and
unpacks it to ``.cache/pykeen-<version>/``, where ``tests/conftest.py`` finds it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".cache"


def source_root() -> Path:
    """Return the folder of the unpacked archive, whether or not it is there yet."""
    return CACHE / f"pykeen-{version('pykeen')}"


def download(directory: Path) -> Path:
    """Download the archive of the installed PyKEEN version.

    :param directory: where to put it
    :returns: the archive
    :raises SystemExit: if pip cannot get it
    """
    requirement = f"pykeen=={version('pykeen')}"
    command = [sys.executable, "-m", "pip", "download", requirement, "--no-binary", "pykeen", "--no-deps"]
    command += ["--disable-pip-version-check", "--dest", str(directory)]
    process = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    archives = sorted(directory.glob("pykeen-*.tar.gz"))
    if process.returncode or len(archives) != 1:
        raise SystemExit(f"error: could not download the source archive of {requirement}; pip said:\n{process.stdout}")
    return archives[0]


def unpack(archive: Path, directory: Path) -> Path:
    """Unpack the regular files of an archive, none of them outside a directory.

    By hand instead of ``extractall(filter="data")``, which Python 3.10 and 3.11 have in their later patches only.

    :param archive: a tar archive with one folder at the top
    :param directory: an existing directory to unpack into
    :returns: the top folder
    :raises SystemExit: if the archive names a file outside the directory, or has no test cases
    """
    directory = directory.resolve()
    with tarfile.open(archive) as tar:
        for member in tar:
            source = tar.extractfile(member) if member.isfile() else None
            if source is None:
                continue
            target = (directory / member.name).resolve()
            if not target.is_relative_to(directory):
                raise SystemExit(f"error: {archive.name} holds a file outside its folder: {member.name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
    found = sorted(directory.glob("*/tests/cases.py"))
    if len(found) != 1:
        raise SystemExit(f"error: {archive.name} has no tests/cases.py")
    return found[0].parents[1]


def main() -> None:
    """Fetch the test cases unless they are there already."""
    root = source_root()
    if root.is_dir():
        return
    CACHE.mkdir(exist_ok=True)
    # beside the target, so that the rename stays in one file system and an interrupted run leaves no half a folder
    with tempfile.TemporaryDirectory(prefix=".pykeen-", dir=CACHE) as name:
        unpacked = unpack(download(Path(name)), Path(name))
        try:
            unpacked.rename(root)
        except OSError:
            if not root.is_dir():  # if it is there now, another run was faster
                raise
    print(f"PyKEEN's test cases are in {root}")  # noqa: T201


if __name__ == "__main__":
    main()
