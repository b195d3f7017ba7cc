"""A progress bar with the time left: on a terminal and in a notebook, silent in a pipe."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


PARTS = 1000  # of work whose items are not counted


@contextmanager
def bar(total: int, noun: str, *, quiet: bool = False) -> Iterator[Callable[[int], object]]:
    """Yield a function that takes the number of items done since it was last called."""
    if quiet or not total or not _watched():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=noun, dynamic_ncols=True, smoothing=0.1, leave=False) as shown:
        yield shown.update


@contextmanager
def share(*, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Yield a function that takes the share of the work that is done, from 0 to 1.

    The bar is there from the first call on until the work is done.
    """
    told = 0
    with ExitStack() as shown:
        advance: Callable[[int], object] | None = None

        def tell(done: float) -> None:
            nonlocal told, advance
            if advance is None:
                advance = shown.enter_context(bar(PARTS, "part", quiet=quiet))
            parts = int(done * PARTS)
            if parts > told:
                advance(parts - told)
                told = parts
            if done >= 1:
                shown.close()

        yield tell


def in_notebook() -> bool:
    """Return whether this runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _watched() -> bool:
    return in_notebook() or (sys.stderr is not None and sys.stderr.isatty())
