"""Lets a result show itself as text or in a notebook, although reports are several floors up.

The package registers the renderer. The reports are loaded when the first result is shown.
"""

from collections.abc import Callable
from typing import Any

_renderers: list[Callable[[object, str], Any]] = []


def render_with(renderer: Callable[[object, str], Any]) -> None:
    """Use this function to render results from now on."""
    _renderers[:] = [renderer]


def rendered(result: object, form: str) -> str:
    """Return a result as 'text', 'html' or 'svg'; KeyError if it has no such form."""
    (renderer,) = _renderers
    text: str = renderer(result, form)
    return text


def records(result: object) -> list[dict[str, Any]]:
    """Return a result as flat records, as JSON and CSV have them."""
    (renderer,) = _renderers
    return list(renderer(result, "records"))
