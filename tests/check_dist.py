"""Check what ``make build`` built: the wheel holds the whole package and nothing else, the archive can be tested."""

from __future__ import annotations

import argparse
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "pykeen_conj_hale"
SDIST_NEEDS = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "Makefile",
    "constraints.txt",
    "tests/conftest.py",
    "tests/golden/configurations/table2/wn18rr_rotl_hale.json",
)


def only(directory: Path, pattern: str) -> Path:
    """Return the one file that matches.

    :param directory: where to look
    :param pattern: what to look for
    :returns: the file
    :raises SystemExit: if there are none or several
    """
    found = sorted(directory.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"error: {len(found)} files {pattern} in {directory}, not one")
    return found[0]


def package_files() -> set[str]:
    """Return the paths of the package's files, relative to the repository's root."""
    files = (path for path in (ROOT / PACKAGE).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in files}


def check_wheel(path: Path) -> None:
    """Compare a wheel with the working tree.

    :param path: the wheel
    :raises SystemExit: if something is missing or too much
    """
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
    metadata = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    expected = package_files()
    for file in ("py.typed", "reproduce/hale.json", "reproduce/conjugate.json", "reproduce/hyper.json"):
        if f"{PACKAGE}/{file}" not in names:
            raise SystemExit(f"error: {path.name} has no {file}")
    if names - metadata != expected:
        difference = sorted((names - metadata) ^ expected)
        raise SystemExit(f"error: {path.name} and the working tree differ in {', '.join(difference)}")
    for file in ("METADATA", "entry_points.txt", "licenses/LICENSE"):
        if not any(name.endswith(f".dist-info/{file}") for name in metadata):
            raise SystemExit(f"error: {path.name} has no {file}")
    print(f"{path.name}: {len(expected)} files of the package, as in the working tree")  # noqa: T201


def check_sdist(path: Path) -> None:
    """Check that a source archive holds the package and what its tests need.

    :param path: the archive
    :raises SystemExit: if something is missing
    """
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    missing = sorted((package_files() | set(SDIST_NEEDS)) - names)
    if missing:
        raise SystemExit(f"error: {path.name} has no {', '.join(missing)}")
    print(f"{path.name}: {len(names)} files")  # noqa: T201


def main() -> None:
    """Check the wheel and the source archive in a directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="where the wheel and the source archive are")
    directory = parser.parse_args().directory
    check_wheel(only(directory, "*.whl"))
    check_sdist(only(directory, "*.tar.gz"))


if __name__ == "__main__":
    main()
