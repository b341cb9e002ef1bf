"""Links between the pages lead somewhere, in the repository as on the site; every page is in the site's navigation."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]

LINK = re.compile(r"(?<!`)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *$", re.MULTILINE)


def without_code(text: str) -> str:
    """Leave out blocks and pieces of code, which have no links and no headings."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)


def anchors(text: str) -> set[str]:
    """List a page's anchors: a heading in lower case, without signs, its words joined by hyphens."""
    headings = [match["text"] for match in HEADING.finditer(without_code(text))]
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def broken(page: Path, text: str) -> list[str]:
    """List the links of a page whose file, or whose anchor in a page, is not there."""
    found = []
    for match in LINK.finditer(without_code(text)):
        path, _, anchor = unquote(match["target"]).partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target.read_text())):
            found.append(match["target"])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert broken(page, page.read_text()) == []


def test_broken_links_are_seen(tmp_path):
    (tmp_path / "other.md").write_text("# One `code`, two\n\n```\n# no heading\n```\n")
    links = ["other.md", "other.md#one-code-two", "other.md#no-heading", "gone.md", "https://x.y", "#here"]
    text = "".join(f"[link]({link})\n" for link in links) + "\n# Here\n"
    page = tmp_path / "page.md"
    page.write_text(text)
    assert broken(page, text) == ["other.md#no-heading", "gone.md"]


def test_every_page_is_in_the_navigation():
    toctrees = re.findall(
        r"^```\{toctree\}\n(.*?)^```$", (DOCS / "index.md").read_text(), flags=re.MULTILINE | re.DOTALL
    )
    named = {line for tree in toctrees for line in tree.splitlines() if line and not line.startswith(":")}
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")} - {"index"}
    assert {page for page in pages if not page.startswith("notebooks/")} == named
