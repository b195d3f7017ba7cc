"""Starts the worker that a query needs, before the imports of the program itself.

Both take as long, so on two cores the worker is ready when the first request for it is.
"""

from collections.abc import Sequence

from imageshelf.pictures import small_baseline
from imageshelf.system.files import UnreadableImage, open_regular

MODULE = "imageshelf.workers.work_overlay"  # what the workers of a search load


def start_for(arguments: Sequence[str]) -> None:
    """Start a worker if these arguments of a search ask for a file that needs one."""
    if any(map(needs_worker, queries_in(arguments))):
        from imageshelf.workers import starting

        starting.start_early(MODULE, 1)


def queries_in(arguments: Sequence[str]) -> list[str]:
    """Return the queries, as far as they are easily told from the rest.

    >>> queries_in(["--shelve", "db.shelve", "-q", "a.jpg", "b.png", "--strict"])
    ['a.jpg', 'b.png']
    >>> queries_in(["a.jpg", "-s", "db.shelve"])
    ['a.jpg']
    """
    found, option = [], ""
    for word in arguments:
        if word.startswith("-"):
            option = word
        elif option in {"", "-q", "--query"}:
            found.append(word)
    return found


def needs_worker(path: str) -> bool:
    """Tell whether a path leads to a file that must not be decoded in this process."""
    try:
        with open_regular(path) as stream:
            data = stream.read(small_baseline.MOST_BYTES + 1)
    except (OSError, UnreadableImage):
        return False
    return not small_baseline.is_small_baseline(data)
