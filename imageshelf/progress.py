"""A progress bar with the time left: on a terminal and in a notebook, silent in a pipe."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def bar(total: int, noun: str, *, quiet: bool = False) -> Iterator[Callable[[int], object]]:
    """Yield a function that takes the number of items done since it was last called."""
    if quiet or not total or not _watched():
        yield lambda _: None
        return
    from tqdm import tqdm  # noqa: PLC0415 - 30 ms that a pipe need not pay

    with tqdm(total=total, unit=noun, dynamic_ncols=True, smoothing=0.1, leave=False) as shown:
        yield shown.update


def in_notebook() -> bool:
    """Return whether this runs in a Jupyter kernel."""
    return "ipykernel" in sys.modules


def _watched() -> bool:
    return in_notebook() or (sys.stderr is not None and sys.stderr.isatty())
