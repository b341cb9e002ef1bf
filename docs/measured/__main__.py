"""Write the tables into the pages and draw the pictures, from ``docs/results``.

``make figures`` does all of it. ``cd docs && python -m measured --check`` only says which tables are not current.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pykeen_conj_hale.figures import save
from pykeen_conj_hale.files import replacing

from . import accuracy, graphs, settings, speed, summary, text
from .lines import DOCS
from .markdown import put
from .pictures import PICTURES, describe

TABLES = accuracy.TABLES | graphs.TABLES | settings.TABLES | speed.TABLES | summary.TABLES | text.TABLES


def outdated() -> dict[Path, str]:
    """Find the pages whose tables are not those of the lines.

    :return: the pages as they have to be
    """
    tables = {name: make() for name, make in TABLES.items()}
    pages = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
    now = {page: page.read_text(encoding="utf-8") for page in pages}
    return {page: new for page, old in now.items() if (new := put(old, tables)) != old}


def main() -> None:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a table is not current")
    check = parser.parse_args().check
    pages = outdated()
    for page, content in pages.items():
        sys.stdout.write(f"{page}\n")
        if not check:
            with replacing(page) as file:
                file.write(content.encode())
    if check:
        raise SystemExit(1 if pages else 0)
    for name, draw in PICTURES.items():
        figure = draw()
        sys.stdout.write(f"{save(figure, DOCS / 'pictures' / f'{name}.png', describe(draw, figure))}\n")


if __name__ == "__main__":
    main()
