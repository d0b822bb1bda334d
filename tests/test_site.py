"""All links and anchors of the built site lead somewhere (``python -m sphinx -W docs build/site``)."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import fastloss as fl

SITE = Path(os.environ.get("FASTLOSS_SITE") or Path(__file__).parents[1] / "build" / "site")
pytestmark = pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the site is not built")


def paths() -> list[Path]:
    """Return the pages; the theme has templates among its files."""
    return [path for path in sorted(SITE.rglob("*.html")) if "_static" not in path.parts]


class Page(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.images_without_text: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        self.links |= {given[name] for name in ("href", "src") if given.get(name)}
        # Those of the gallery's index stand beside their titles.
        if tag == "img" and not given.get("alt") and "_thumb" not in given.get("src", ""):
            self.images_without_text.append(given.get("src", ""))


def test_every_link_of_the_site_leads_somewhere() -> None:
    pages = {path.resolve(): Page(path) for path in paths()}
    assert len(pages) > 100
    broken = []
    for path, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                broken.append(f"{path.relative_to(SITE.resolve())}: there is no {link}")
            elif address.fragment and target in pages and unquote(address.fragment) not in pages[target].places:
                broken.append(f"{path.relative_to(SITE.resolve())}: {link} has no such place")
    assert not broken, "\n".join(sorted(broken)[:40])


def test_every_loss_has_a_page_with_a_picture_and_no_page_loads_from_elsewhere() -> None:
    for row in fl.losses():
        page = Page(SITE / "losses" / f"{row.name}.html")
        assert any(f"{row.name}.svg" in link for link in page.links)
    loaded = [link for path in paths() for link in Page(path).links if link.startswith(("http:", "//"))]
    assert not loaded


def test_the_search_finds_a_loss_first_by_any_word_of_its_name() -> None:
    text = (SITE / "searchindex.js").read_text("utf-8")
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    first = {
        word: {index["docnames"][page] for page, _place, is_main in found if is_main}
        for word, found in index["indexentries"].items()
    }
    for row in fl.losses():
        for words in (row.name.replace("_", " "), max(row.name.split("_"), key=len)):
            assert f"losses/{row.name}" in first.get(words, ()), words


def test_every_picture_has_a_text() -> None:
    without = {str(path): Page(path).images_without_text for path in paths()}
    assert not {path: images for path, images in without.items() if images}
