"""A progress bar that shows the time left: on a terminal and in a notebook, never in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

PARTS = 1000  # that a bar has if its work is a share, not a count


@contextmanager
def bar(total: int, noun: str, *, quiet: bool = False) -> Iterator[Callable[[int], object]]:
    """Yield a function to call with the number of items done since the last call."""
    if quiet or not total or not _watched():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=noun, dynamic_ncols=True, smoothing=0.1, leave=False) as tqdm_bar:
        yield tqdm_bar.update


@contextmanager
def share(*, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Yield a function to call with the share of the work that is done, from 0 to 1.

    The bar appears with the first call and goes when the work is done.
    """
    shown_parts = 0
    with ExitStack() as stack:
        add_parts: Callable[[int], object] | None = None

        def progress(done_share: float) -> None:
            nonlocal shown_parts, add_parts
            if add_parts is None:
                add_parts = stack.enter_context(bar(PARTS, "part", quiet=quiet))
            parts = int(done_share * PARTS)
            if parts > shown_parts:
                add_parts(parts - shown_parts)
                shown_parts = parts
            if done_share >= 1:
                stack.close()

        yield progress


def in_notebook() -> bool:
    """Tell whether this runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _watched() -> bool:
    return in_notebook() or (sys.stderr is not None and sys.stderr.isatty())
