"""Docstrings of the package as Markdown, for mkdocstrings.

Griffe reads `Args`, `Raises` and `Attributes`. The other sections of this project, which
may begin on the line of their title, become paragraphs with a bold title; examples get
fences; names that the API has become links.
"""

import re
import textwrap

import griffe

import zero_dce_keras
from zero_dce_keras.losses.table import LOSSES

NO_DOCSTRINGS = {"RECIPES", "__version__"}  # public, but neither classes nor functions
TITLES = "Example|Examples|Source|Returns|Yields|Command|Hardware|Time|Scores?[^:]*"
TITLE = re.compile(rf"^({TITLES}):(?: +(.*))?$")
SECTION = re.compile(r"^[A-Z][A-Za-z0-9 ]*:( .*)?$")


def to_markdown(text):
    """Return a docstring with its sections in Markdown, but for what Griffe parses."""
    lines = text.splitlines()
    result = []
    while lines:
        line = lines.pop(0)
        match = TITLE.match(line)
        if not match:
            result.append(line)
            continue
        body = []
        while lines and (not lines[0].strip() or lines[0].startswith(" ")):
            body.append(lines.pop(0))
        first = match[2] or ""
        paragraph = [first]
        # A title with text on its line goes on at the margin.
        while first and lines and lines[0].strip() and not SECTION.match(lines[0]):
            if body and not body[-1].strip():
                break
            paragraph.append(lines.pop(0))
        block = textwrap.dedent("\n".join(body)).strip("\n")
        if not first and block and not block.startswith(">>>"):
            head, _, block = block.partition("\n\n")
            paragraph = [head]
        text = "\n".join(paragraph)
        if match[1] == "Command":
            text = f"`{text}`"
        result += ["", f"**{match[1]}:** {text}", "", block, ""]
    return fence("\n".join(result))


def fence(text):
    """Put examples of the interpreter, which end at an empty line, into fences."""
    result, inside, margin = [], False, ""
    for line in [*text.splitlines(), ""]:
        if not inside and line.lstrip().startswith(">>> "):
            margin = line[: len(line) - len(line.lstrip())]
            result += [f"{margin}```pycon"]
            inside = True
        elif inside and not line.strip():
            result.append(f"{margin}```")
            inside = False
        result.append(line)
    return "\n".join(result)


class Docstrings(griffe.Extension):
    """Rewrites the docstrings of the package before they are parsed."""

    def on_attribute_instance(self, *, attr, **kwargs):
        """Give a field of a recipe its default, for the class's signature."""
        if str(attr.value).startswith("_option("):
            attr.value = attr.value.arguments[0]

    def on_package(self, *, pkg, loader, **kwargs):
        """Rewrite the docstrings of all modules, classes and functions."""
        if pkg.name != zero_dce_keras.__name__:
            return
        places = public_places(pkg)
        for member in walk(pkg):
            if member.docstring:
                text = to_markdown(member.docstring.value)
                member.docstring.value = link(text, places, member.path)


def walk(parent):
    """Return what a module or class defines, at any depth."""
    for member in parent.members.values():
        if not member.is_alias:
            yield member
            yield from walk(member)


def public_places(package):
    """Return where every public class and function is defined, by name."""
    places = {}
    for member in walk(package):
        if (member.is_class or member.is_function) and member.parent.is_module:
            places.setdefault(member.name, []).append(member.path)
    functions = {loss.function for loss in LOSSES}
    names = {*zero_dce_keras.__all__, *functions} - NO_DOCSTRINGS
    unclear = {name: places[name] for name in names if len(places[name]) != 1}
    if unclear:
        raise ValueError(f"names must be defined in one place. Received: {unclear}")
    return {name: places[name][0] for name in names}


def link(text, places, own):
    """Make links of the public names in a docstring, but for those of the object itself."""

    def replace(match):
        place = places.get(match[1])
        if place is None or own == place or own.startswith(f"{place}."):
            return match[0]
        return f"[{match[0]}][{place}]"

    parts = re.split(r"(```pycon\n.*?```)", text, flags=re.DOTALL)
    parts[::2] = [re.sub(r"(?<!\[)`(\w+)`", replace, part) for part in parts[::2]]
    return "".join(parts)
