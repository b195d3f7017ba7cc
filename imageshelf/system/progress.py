"""A progress bar that shows the time left: on a terminal and in a notebook, never in a pipe."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from imageshelf.system.words import count, size

PARTS = 1000  # that a bar has if its work is a share, not a count
OF_SHARES = "{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]"


@contextmanager
def bar(
    total: int, noun: str, stage: str, *, quiet: bool = False
) -> Iterator[Callable[..., object]]:
    """Yield a function to call with the number of items, and bytes, done since the last call.

    The bar names its stage and shows what is done and the time left; a line at its end has the
    rate.
    """
    if quiet or not total or not _watched():
        yield lambda *_: None
        return
    from tqdm import tqdm

    done = read_bytes = 0
    started = time.monotonic()
    with tqdm(
        total=total, desc=stage, unit=f" {noun}s", dynamic_ncols=True, smoothing=0.1, leave=False
    ) as tqdm_bar:

        def progress(number: int, size_bytes: int = 0) -> None:
            nonlocal done, read_bytes
            done += number
            read_bytes += max(size_bytes, 0)
            if read_bytes:
                tqdm_bar.set_postfix_str(size(read_bytes), refresh=False)
            tqdm_bar.update(number)

        yield progress
    seconds = max(time.monotonic() - started, 0.001)
    read = f" of {size(read_bytes)}" if read_bytes else ""
    rate = count(round(done / seconds), noun)
    rate += f" and {size(round(read_bytes / seconds))}" if read_bytes else ""
    sys.stderr.write(f"{stage}: {count(done, noun)}{read} in {seconds:.1f} s, {rate} a second\n")


@contextmanager
def share(stage: str, *, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Yield a function to call with the share of the work that is done, from 0 to 1.

    The bar appears with the first call and goes when the work is done.
    """
    shown_parts = 0
    with ExitStack() as stack:
        add_parts: Callable[[int], object] | None = None

        def progress(done_share: float) -> None:
            nonlocal shown_parts, add_parts
            if add_parts is None:
                add_parts = stack.enter_context(_shares(stage, quiet=quiet))
            parts = int(done_share * PARTS)
            if parts > shown_parts:
                add_parts(parts - shown_parts)
                shown_parts = parts
            if done_share >= 1:
                stack.close()

        yield progress


@contextmanager
def _shares(stage: str, *, quiet: bool) -> Iterator[Callable[[int], object]]:
    if quiet or not _watched():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(
        total=PARTS, desc=stage, dynamic_ncols=True, leave=False, bar_format=OF_SHARES
    ) as tqdm_bar:
        yield tqdm_bar.update


def in_notebook() -> bool:
    """Tell whether this runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _watched() -> bool:
    return in_notebook() or (sys.stderr is not None and sys.stderr.isatty())
