"""How a result shows itself, as text or in a notebook, although reports stand floors above it.

The package itself says who renders; loading the reports is paid for on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_renderers: list[Callable[[object, str], str]] = []


def render_with(renderer: Callable[[object, str], str]) -> None:
    """Let this function render results from now on."""
    _renderers[:] = [renderer]


def rendered(result: object, form: str) -> str:
    """Return a result in a form: 'text', 'html' or 'svg'; KeyError if it has no such form."""
    (renderer,) = _renderers
    return renderer(result, form)
