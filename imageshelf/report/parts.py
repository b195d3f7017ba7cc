"""The page's template, style and script: files beside this one, read when a page is written."""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from imageshelf.report import matches as report

if TYPE_CHECKING:
    from jinja2 import Template

SCRIPTS = (  # one script in the page: its parts share a scope, and what comes later uses the rest
    "words", "choices", "memory", "groups", "cards", "pictures", "arranging", "going", "comparing",
    "selection", "start",
)  # fmt: skip


@functools.cache
def part(name: str) -> str:
    """Return a file of the assets, with the line ends that a browser sees."""
    text = resources.files("imageshelf.report").joinpath("assets", name).read_text("utf-8")
    return text.replace("\r\n", "\n")


def script() -> str:
    """Return the script of the page, whole."""
    parts = "\n".join(part(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@functools.cache
def template(name: str) -> Template:
    """Return a template that escapes whatever it is given; `shown` leaves nothing hidden in it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["shown"] = report.shown
    return environment.from_string(part(name))
