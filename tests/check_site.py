"""Check the links of the documentation's site: its own always, those to other sites as far as they could be followed.

    python tests/check_site.py .cache/docs/html .cache/docs/links/output.json

The second file is what Sphinx's ``linkcheck`` wrote. There a page that is not there and a network that is not there are
both "broken": the first is an error here, the second is counted.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

#: Of pages that the theme makes, and of code that others wrote
NOT_OURS = ("genindex.html", "search.html", "py-modindex.html", "_modules/")
#: An answer of a server, as linkcheck writes it: "404 Client Error: Not Found for url: …"
ANSWER = re.compile(r"^(?P<status>4\d\d|5\d\d) ")
#: Answers that say nothing about the page: forbidden to programs, too many questions, a server's own trouble
NOT_ABOUT_THE_PAGE = {"401", "403", "405", "407", "418", "429"}


class Link(NamedTuple):
    """A link, and the page that has it."""

    page: Path
    target: str


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[Link] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag's links and anchors."""
        for name, value in attrs:
            if value and name == "id":
                self.anchors.add(value)
            elif value and name in ("href", "src") and tag != "link":
                self.links.append(Link(self.path, value))


def find_broken(folder: Path) -> Iterator[Link]:
    """Find links within a site whose file or anchor is not there.

    :param folder: the site
    :returns: the links
    """
    pages = {path.resolve(): Page(path) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        if path.relative_to(folder.resolve()).as_posix().startswith(NOT_OURS):
            continue
        for link in page.links:
            address = urlsplit(link.target)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            anchor = unquote(address.fragment)
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].anchors):
                yield link


def sort_outside(lines: Iterable[str]) -> tuple[list[str], list[str], int]:
    """Tell pages that are not there from networks that are not.

    :param lines: what linkcheck wrote, a JSON object per line
    :returns: what is wrong; what could not be followed; how many links are right
    """
    wrong, not_followed, right = [], [], 0
    for entry in map(json.loads, lines):
        if entry["status"] in ("working", "redirected"):
            right += 1
        elif entry["status"] in ("broken", "timeout"):
            answer = ANSWER.match(entry["info"])
            text = f"{entry['filename']}:{entry['lineno']}: {entry['uri']} ({entry['info'][:80]})"
            about_the_page = answer is not None and answer["status"] not in NOT_ABOUT_THE_PAGE
            (wrong if about_the_page and answer["status"] < "500" else not_followed).append(text)
    return wrong, not_followed, right


def main() -> None:
    """Check a site."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path, help="the folder of HTML pages")
    parser.add_argument("links", type=Path, help="what linkcheck wrote")
    arguments = parser.parse_args()
    broken = [f"{link.page}: {link.target}" for link in find_broken(arguments.site)]
    wrong, not_followed, right = sort_outside(arguments.links.read_text(encoding="utf-8").splitlines())
    for text in (*broken, *wrong):
        print(f"error: {text}")  # noqa: T201
    print(  # noqa: T201
        f"{len(broken)} links within the site are broken. Of those to other sites {right} are right, "
        f"{len(wrong)} are wrong, and {len(not_followed)} could not be followed"
    )
    if broken or wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
