"""The documentation as a site: what it contains, and that its links lead somewhere.

Without MkDocs only the navigation is looked at; `make test-docs` builds the site.
"""

import html
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

import zero_dce_keras
from zero_dce_keras.losses.table import LOSSES

REPOSITORY = Path(__file__).parents[1]
MADE = {"index.md", "contributing.md", "changelog.md"}  # of files beside docs/
HAS_MKDOCS = all(map(importlib.util.find_spec, ("mkdocs", "mermaidx", "griffe")))
builds = pytest.mark.skipif(not HAS_MKDOCS, reason="`make test-docs` has MkDocs")


def test_every_page_is_in_the_navigation_once():
    nav = re.findall(
        r"^ +- .*: (\S+\.md)$", read(REPOSITORY / "mkdocs.yml"), re.MULTILINE
    )
    folder = REPOSITORY / "docs"
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}
    written = [page for page in nav if page not in MADE and not page.startswith("api/")]
    assert sorted(written) == sorted(pages)


def test_the_gallery_has_every_picture():
    pictures = {path.name for path in (REPOSITORY / "docs").glob("*.[jp][pn]g")}
    assert set(re.findall(r"!\[.*?\]\((.*?)\)", read("docs/gallery.md"))) == pictures


def read(path):
    return (REPOSITORY / path).read_text(encoding="utf-8")


def build(config, site):
    command = ["mkdocs", "build", "--strict", "--config-file", config]
    return subprocess.run(
        [sys.executable, "-m", *command, "--site-dir", site],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def gathered(tmp_path_factory):
    """The folder of all pages, with a configuration that names it."""
    folder = tmp_path_factory.mktemp("site")
    script = REPOSITORY / "tools" / "docs_site" / "pages.py"
    subprocess.run([sys.executable, script, folder / "docs"], check=True)
    text = f"INHERIT: {REPOSITORY}/mkdocs.yml\ndocs_dir: {folder}/docs\n"
    (folder / "mkdocs.yml").write_text(text)
    (folder / "tools").symlink_to(REPOSITORY / "tools")
    return folder


@pytest.fixture(scope="module")
def site(gathered):
    """The texts of the pages that were built, without a warning, by name."""
    done = build(gathered / "mkdocs.yml", gathered / "html")
    assert done.returncode == 0, done.stderr
    folder = gathered / "html"
    return {
        path.relative_to(folder).as_posix(): read(path)
        for path in folder.rglob("*.html")
    }


@builds
def test_every_public_name_has_a_docstring_there(site):
    reference = "".join(text for name, text in site.items() if "api/" in name)
    anchors = {name.rpartition(".")[2] for name in ids(reference)}
    functions = {loss.function for loss in LOSSES}
    assert {*zero_dce_keras.__all__, *functions} - {"RECIPES", "__version__"} <= anchors
    assert "Brighten images by applying their curve maps" in reference
    assert "_option(" not in reference  # a recipe has its defaults


def ids(text):
    return set(re.findall(r'\bid="([^"]+)"', text))


@builds
def test_links_and_anchors_lead_somewhere(site, gathered):
    count = 0
    for page, text in site.items():
        for found in re.findall(r'\b(?:href|src)="([^"]+)"', text):
            link = unquote(html.unescape(found))
            if page == "404.html" or re.match(r"\w+:", link):
                continue
            target, _, anchor = link.partition("#")
            path = (gathered / "html" / page).parent / target if target else None
            assert not target or path.exists(), f"{page}: {link}"
            if anchor and (not target or target.endswith(".html")):
                there = text if path is None else read(path)
                assert anchor in ids(there) or anchor == "__skip", f"{page}: {link}"
                count += 1
    assert count > 500  # the tables of contents alone


@builds
def test_nothing_comes_from_another_server(site):
    loads = r'<(?:script|img|iframe|source)[^>]*\bsrc="(\w+:[^"]*)'
    sheets = r'<link[^>]*rel="(?:stylesheet|preconnect|icon)"[^>]*href="(https?:[^"]*)'
    for page, text in site.items():
        assert not re.findall(f"{loads}|{sheets}", text), page


@builds
def test_no_markdown_is_left_over(site):
    for page, text in site.items():
        article = text[text.find("<article") : text.find("</article>")]
        shown = re.sub(r"<(pre|code).*?</\1>", "", article, flags=re.DOTALL)
        shown = html.unescape(re.sub(r"<[^>]+>", "", shown))
        assert not re.findall(
            r"^>>> .*|```.*|\]\[|^\s*\|.*\|$|\*\*", shown, re.MULTILINE
        ), page


@builds
@pytest.mark.parametrize("link", ["nothing.md", "metrics.md#nothing"])
def test_a_broken_link_is_an_error(link, gathered, tmp_path):
    page = gathered / "docs" / "gallery.md"
    text = read(page)
    try:
        page.write_text(f"{text}\n[a page]({link})\n")
        done = build(gathered / "mkdocs.yml", tmp_path)
    finally:
        page.write_text(text)
    assert done.returncode == 1
    assert link in done.stderr


@builds
def test_sections_of_docstrings_become_markdown(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY / "tools" / "docs_site")
    docstrings = importlib.import_module("docstrings")
    text = """Return 1.

Args:
    x: whatever.

Returns:
    dict: not a type, but
    a text.

Example: it is 1.

>>> one()
1

Command: fit --recipe one
Source: section 3 of
a paper.
"""
    expected = """Return 1.

Args:
    x: whatever.

**Returns:** dict: not a type, but
a text.

**Example:** it is 1.

```pycon
>>> one()
1
```

**Command:** `fit --recipe one`

**Source:** section 3 of
a paper."""
    result = docstrings.to_markdown(text)
    assert re.sub(r"\n{3,}", "\n\n", result).strip() == expected
    places = {"Enhancer": "a.Enhancer"}
    linked = docstrings.link("See `Enhancer` and `Enhance`.", places, "a.infer")
    assert linked == "See [`Enhancer`][a.Enhancer] and `Enhance`."
