"""Gather what the site is made of: docs/, and pages that are made of other files.

python tools/docs_site/pages.py build/docs

docs/ stays plain Markdown that reads without the site. Here its pages are copied, with links
that lead to the same files where they lie in the site; the README, CONTRIBUTING and the
changelog become pages; the API reference, the recipes and the help of the commands are
written; diagrams are drawn, so that a reader's browser needs no program for them.
"""

import dataclasses
import importlib
import os
import posixpath
import re
import shutil
import sys
from pathlib import Path

import griffe
import mermaidx
from docstrings import public_places

import zero_dce_keras
from zero_dce_keras.__main__ import VERBS
from zero_dce_keras.losses.table import LOSSES
from zero_dce_keras.training.recipe import Recipe

ROOT = Path(__file__).parents[2]

# Files of the project that are pages of the site.
COPIES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()(?!\w+:|#)([^)#\s]+)")
PACKAGE = griffe.load("zero_dce_keras", search_paths=[ROOT])
RECIPES_INTRO = """`fit --recipe NAME` trains by one of these, and
`zero_dce_keras.RECIPES["NAME"]()` returns its [`Recipe`](training.md)."""
HOME = "---\nhide: [navigation]\n---\n"  # it has one page
BARE = "{show_root_heading: false, show_root_toc_entry: false, show_signature: false}"


def main(target):
    """Write the folder that mkdocs.yml names."""
    target = Path(target)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target)
    sources = [*COPIES, *(f"docs/{path.relative_to(target)}" for path in pages(target))]
    for source in sources:
        write_page(target, source)
    shutil.copyfile(Path(__file__).with_name("site.css"), target / "site.css")
    (target / "api").mkdir()
    for name, text in reference().items():
        (target / "api" / name).write_text(text, encoding="utf-8")


def pages(folder):
    """Return the Markdown files of a folder, in order."""
    return sorted(folder.rglob("*.md"))


def place(path):
    """Return where a file of the project lies in the site."""
    return COPIES.get(path, path.removeprefix("docs/"))


def write_page(target, source):
    """Write the page of a file of the project, and what it links to outside docs/."""
    page = place(source)

    def link(match):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        file, copy = ROOT / path, target / place(path)
        if file.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        return match[1] + posixpath.relpath(place(path), posixpath.dirname(page) or ".")

    def outside_fences(text):
        return LINK.sub(link, text)

    parts, end = [], 0
    text = (ROOT / source).read_text(encoding="utf-8")
    for fence in FENCED.finditer(text):
        parts.append(outside_fences(text[end : fence.start()]))
        is_diagram = fence[1] == "mermaid"
        parts.append(draw(fence[2]) if is_diagram else fence[0])
        end = fence.end()
    parts.append(outside_fences(text[end:]))
    head = HOME if page == "index.md" else ""
    (target / page).write_text(head + "".join(parts), encoding="utf-8")


def draw(diagram):
    """Return a diagram of Mermaid as SVG, from top to bottom, as pages are read."""
    svg = mermaidx.render(diagram.replace("flowchart LR", "flowchart TB", 1)).svg()
    return f'<div class="diagram">{" ".join(svg.split())}</div>'


def reference():
    """Return the pages of api/: one for each part of the package, and the commands."""
    places = public_places(PACKAGE)
    texts = {"commands.md": commands(), "recipes.md": recipes()}
    for home, names in zero_dce_keras._HOMES.items():
        part = home.rpartition(".")[2]
        names = sorted(set(names) & places.keys(), key=str.lower)
        intro = f"`from zero_dce_keras import {names[0]}`, as every name of this page."
        if part == "losses":  # each function, and the class around it
            rows = [(loss.function, loss.class_name) for loss in LOSSES]
            names = [name for row in rows for name in row]
            intro = (
                f"`from zero_dce_keras import {rows[0][1]}`, as every class of this page; "
                f"`from zero_dce_keras.losses import {rows[0][0]}`, as every function."
            )
        blocks = [f"::: {places[name]}" for name in names]
        if part == "training":
            blocks[names.index("Recipe")] += f"\n\n### Fields\n\n{fields()}"
        texts[f"{part}.md"] = (
            "\n\n".join([f"# {part.capitalize()}", intro, *blocks]) + "\n"
        )
    return texts


def recipes():
    """Return the lab cards of the recipes."""
    module = PACKAGE["training.recipes"]
    texts = ["# Recipes", RECIPES_INTRO]
    for name, function in module.functions.items():
        if name != "recipe":  # which makes a recipe of a function
            texts.append(f"## {name.replace('_', '-')}")
            texts.append(f"::: {function.path}\n    options: {BARE}")
    return "\n\n".join(texts) + "\n"


def fields():
    """Return a table of what a recipe has."""
    rows = [
        f"| `{field.name}` | `{field.default!r}` | {field.metadata['help']} |"
        for field in dataclasses.fields(Recipe)
    ]
    return "\n".join(["| field | default | what it is |", "|---|---|---|", *rows])


def commands():
    """Return what `--help` of every command says."""
    os.environ["COLUMNS"] = "88"
    texts = ["# Commands", "`zero-dce VERB`, or `python -m zero_dce_keras.VERB`."]
    for verb in VERBS:
        parser = importlib.import_module(f"zero_dce_keras.{verb}").build_parser()
        texts.append(f"## {verb}\n\n```text\n{parser.format_help().rstrip()}\n```")
    return "\n\n".join(texts) + "\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
