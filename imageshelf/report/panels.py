"""Panels to read beside the pictures: tables, hashes as cells, a drawing.

The page and the notebook share one markup: semantic elements, and attributes instead of styles,
which the page's policy would refuse. Jinja2 escapes every text.
"""

import base64
import functools
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from imageshelf.hashing.fingerprints import grid
from imageshelf.system.words import shown

CELL = 11  # pixels; a hash is 8 of them wide and high


class Table(NamedTuple):
    """Rows of text; with `head` the first row names the columns. The first cell names its row."""

    title: str
    rows: Sequence[Sequence[str]]
    head: bool = True
    right: frozenset[int] = frozenset()  # columns, from 0, that are aligned to the right

    def align(self, column: int) -> str:
        """Return how a cell is aligned; notebooks align right unless told otherwise."""
        return "right" if column in self.right else "left"


class HashGrids(NamedTuple):
    """Hashes of two pictures as 8x8 cells, one picture a row; the cells that differ are crossed."""

    title: str
    pairs: Sequence[tuple[str, int, int]]  # name of each hash, and its 64 bits in A and in B

    def figures(self) -> list[tuple[str, list[Markup]]]:
        """Return the letter of each picture with the SVG elements of its hashes."""
        return [(letter, list(self._drawn(letter))) for letter in "AB"]

    def _drawn(self, letter: str) -> Iterable[Markup]:
        for name, a, b in self.pairs:
            yield cells(f"{name} {letter}", a if letter == "A" else b, a ^ b)


class Drawing(NamedTuple):
    """An SVG element of our own making."""

    title: str
    svg: Markup


class Photograph(NamedTuple):
    """A JPEG file of our own making."""

    title: str
    jpeg: bytes

    @property
    def uri(self) -> str:
        """The file as a URI."""
        return f"data:image/jpeg;base64,{base64.b64encode(self.jpeg).decode()}"


Panel = Table | HashGrids | Drawing | Photograph


def markup(panels: Iterable[Panel], heading: str = "h2") -> Markup:
    """Return panels as HTML, for the page and the notebook, under headings of that element."""
    return Markup(template("panels.html").render(panels=panels, heading=heading))  # noqa: S704 - escaped there


def cells(title: str, bits: int, differing: int) -> Markup:
    """Return 64 bits as one SVG element: filled where set, crossed where they differ.

    The first bit is at the top left, as in `hashing.grid`.
    """
    places = [(column, row) for row in range(8) for column in range(8)]
    set_, crossed = (
        [place for place, bit in zip(places, grid(number).split(), strict=True) if bit == "#"]
        for number in (bits, differing)
    )
    boxes = "".join(f"M{x} {y}h.9v.9h-.9z" for x, y in set_)
    marks = "".join(f"M{x + 0.2:g} {y + 0.2:g}l.5 .5m-.5 0l.5-.5" for x, y in crossed)
    side, title = 8 * CELL, shown(title)
    return Markup(
        '<svg viewBox="-.1 -.1 8.1 8.1" width="{side}" height="{side}" role="img" '
        'aria-label="{title}" stroke-width=".1"><title>{title}</title>'
        '<path d="M-.05 -.05h8v8h-8z" fill="none" stroke="#8a8f94"/>'
        '<path d="{boxes}" fill="#8a8f94"/>'
        '<path d="{marks}" fill="none" stroke="#d9480f" stroke-width=".22"/></svg>'
    ).format(side=side, title=title, boxes=boxes, marks=marks)


SCRIPTS = (  # one script in the page: its parts share a scope, later ones use earlier ones
    "words", "choices", "notices", "memory", "groups", "cards", "pictures", "embedded",
    "arranging", "going", "bulk", "zooming", "comparing", "selection", "start",
)  # fmt: skip
INSTEAD = {"memory": ("server",), "embedded": ("fetched",), "start": ("start", "live")}
LIVE_SCRIPTS = tuple(name for part in SCRIPTS for name in INSTEAD.get(part, (part,)))


@functools.cache
def part(name: str) -> str:
    """Return a file of the assets, with the line ends that a browser sees."""
    text = resources.files("imageshelf.report").joinpath("assets", name).read_text("utf-8")
    return text.replace("\r\n", "\n")


def script(names: Iterable[str] = SCRIPTS) -> str:
    """Return the script of the page, or of the live page with the names of its parts, whole."""
    parts = "\n".join(part(f"{name}.js") for name in names)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@functools.cache
def template(name: str) -> Template:
    """Return a template that escapes every value; its filter `shown` makes characters visible."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["shown"] = shown
    return environment.from_string(part(name))
