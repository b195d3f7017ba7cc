"""Where a clean-up sets files aside: a folder of its own, outside of all datasets."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from imageshelf.copies.protected_folders import managed_library
from imageshelf.shelf import Shelf, names
from imageshelf.system import discarded
from imageshelf.system.words import count

if TYPE_CHECKING:
    from imageshelf.cleanup.planning import Plan
    from imageshelf.shelf.cleanups import Cleanup

MOST_TRIES = 10_000


class PlaceError(Exception):
    """The folder cannot take what is set aside; nothing was touched."""


def default_folder(shelf: Shelf, plan: Plan) -> str:
    """Return the folder beside the shelf for set-aside files: `db-set-aside` for `db.shelve`.

    Inside a dataset its name begins with a dot, so that the next index run passes it over.
    """
    stem = os.path.splitext(os.path.basename(shelf.path))[0]
    plain = names.native(os.path.join(shelf.folder, f"{stem}-set-aside"))
    if not _dataset_around(plain, _datasets(shelf, plan, plain)):
        return plain
    return names.native(os.path.join(shelf.folder, f".{stem.lstrip('.')}-set-aside"))


def require_usable(shelf: Shelf, plan: Plan, folder: str) -> None:
    """Raise PlaceError unless everything in the plan can be moved into the folder."""
    if link := _link_in(folder, names.native(shelf.folder)):
        raise PlaceError(
            f"{link} is a link, through which nothing is set aside; remove it, or name the folder "
            "itself with --set-aside"
        )
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise PlaceError(f"{folder} is not a folder; name another with --set-aside")
    datasets = _datasets(shelf, plan, folder)
    if dataset := _dataset_around(folder, datasets):
        raise PlaceError(
            f"{folder} lies inside the dataset {dataset}, where the next index run would find what "
            "was set aside; name a folder outside with --set-aside"
        )
    own = os.path.join(os.path.realpath(folder), "")
    if dataset := next((d for d in datasets if os.path.join(d, "").startswith(own)), ""):
        raise PlaceError(
            f"the dataset {dataset} lies inside {folder}; name another folder with --set-aside"
        )
    if library := managed_library(os.path.join(folder, "picture")):
        raise PlaceError(f"{folder} lies inside {library}; name another with --set-aside")
    device = _device(folder)
    elsewhere = [step.file.path for step in plan.steps if _device(step.file.path) != device]
    if elsewhere:
        raise PlaceError(
            f"{folder} is on another volume than {count(len(elsewhere), 'picture')}, such as "
            f"{elsewhere[0]}; name a folder on theirs with --set-aside"
        )


def _link_in(folder: str, home: str) -> str:
    """Return the link that a folder is, or lies behind below `home`, "" for none.

    Whoever sent a collection may have planted it.
    """
    here = folder
    while not os.path.islink(here):
        here = os.path.dirname(here)
        if not here.startswith(os.path.join(home, "")):
            return ""
    return here


def to_be_made(folder: str) -> str:
    """Return the topmost folder that `make` would make, "" if all is there."""
    top, above = "", folder
    while not os.path.isdir(above):
        top, above = above, os.path.dirname(above)
    return top


def run_folder(folder: str, run: int) -> str:
    """Return where the folder of one run can be, below the one for set-aside files."""
    for number in range(1, MOST_TRIES):
        place = _numbered(os.path.join(folder, f"run-{run}"), number)
        if not os.path.lexists(place):  # else of another shelf's run
            return place
    raise PlaceError(f"{folder} has {MOST_TRIES:,} folders like run-{run}")


def make_run_folder(place: str, shelf: str, run: int) -> bool:
    """Make the folder of one run, and mark it, which keeps every index run out of it.

    Return False if another shelf's run has just made it. Raises PlaceError.
    """
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.mkdir(place)
        discarded.mark(place, shelf, run)
    except OSError as exc:
        if isinstance(exc, FileExistsError) and os.path.isdir(place):
            return False
        raise PlaceError(f"the folder {place} cannot be made: {exc.strerror}") from exc
    return True


def mark_older(shelf: Shelf, folder: str, runs: Iterable[Cleanup]) -> None:
    """Mark the default folder if clean-ups of 0.1.0 set files aside straight into it."""
    for run in runs:
        before = names.native(shelf.path_of(run.option("folder")))
        if before == folder and os.path.isdir(folder) and not discarded.set_aside_folder(folder):
            with suppress(OSError):  # without a marker its files are passed over one by one
                discarded.mark(folder, shelf.path, run.id)


def relative(name: str) -> list[str]:
    """Return the parts of the path below the folder for a name on the shelf.

    >>> relative("trip/a.jpg"), relative("D:/trip/a.jpg"), relative("/mnt/a.jpg")
    (['trip', 'a.jpg'], ['D', 'trip', 'a.jpg'], ['mnt', 'a.jpg'])
    """
    parts = [part for part in name.split("/") if part]
    if not parts or {".", ".."} & set(parts):
        raise PlaceError(f"{name} is no name that an index run writes")
    if len(parts[0]) == 2 and parts[0][1] == ":":
        parts[0] = parts[0][0]
    return parts


def free_places(folder: str, wanted: Iterable[str], taken: set[str]) -> list[str]:
    """Return free places below the folder for files that belong together.

    All keep their names, or all get the same number before the suffix: `a (2).jpg`, `a (2).xmp`.
    `taken` holds the places promised so far; those returned are added to it.
    """
    below = [os.path.join(folder, *map(names.native, relative(name))) for name in wanted]
    for number in range(1, MOST_TRIES):
        places = [_numbered(place, number) for place in below]
        keys = {place.casefold() for place in places}
        free = len(keys) == len(places) and not keys & taken
        if free and not any(map(os.path.lexists, places)):
            taken |= keys
            return places
    raise PlaceError(f"{below[0]} and {MOST_TRIES:,} names like it are taken")


def make_way(place: str, folder: str) -> None:
    """Make the folders above a place. Raises OSError, or PlaceError if a link leads elsewhere."""
    above = os.path.dirname(place)
    os.makedirs(above, exist_ok=True)
    expected = os.path.join(os.path.realpath(folder), os.path.relpath(above, folder))
    if os.path.realpath(above) != os.path.normpath(expected):
        raise PlaceError(f"was left: in {folder} a link leads to {os.path.realpath(above)}")


def tidy(place: str, folder: str) -> None:
    """Remove the empty folders above a place, as far as they lie inside the folder."""
    above, inside = os.path.dirname(place), os.path.join(folder, "")
    while above.startswith(inside):
        try:
            os.rmdir(above)
        except FileNotFoundError:  # it was never made
            pass
        except OSError:
            return
        above = os.path.dirname(above)


def unmake(folder: str, top: str) -> None:
    """Remove the folder and those above it up to `top`, if there is no file in them."""
    for inner, _, _ in os.walk(folder, topdown=False):
        if inner != folder:
            with suppress(OSError):
                os.rmdir(inner)
    with suppress(OSError):
        discarded.unmark(folder)
    tidy(os.path.join(folder, "x"), os.path.dirname(top))


def _numbered(place: str, number: int) -> str:
    if number == 1:
        return place
    folder, name = os.path.split(place)
    start, dot, rest = name.partition(".")
    return os.path.join(folder, f"{start} ({number}){dot}{rest}")


def _datasets(shelf: Shelf, plan: Plan, folder: str) -> list[str]:
    """Return the folders that an index run may walk.

    The shelf's datasets, the folders of planned pictures, and those between the shelf and `folder`
    that have pictures below them.
    """
    roots = [
        names.native(shelf.path_of(names.to_text(dataset.name)))
        for dataset in shelf.whole_catalogue().datasets()
    ]
    for group in plan.groups:
        files = [group.keeper, *(step.file for step in group.steps)]
        roots += [os.path.dirname(file.path) for file in files]
    roots += _with_pictures(shelf, folder)
    return sorted({os.path.realpath(root) for root in dict.fromkeys(roots)})


def _with_pictures(shelf: Shelf, folder: str) -> list[str]:
    home = os.path.join(os.path.realpath(names.native(shelf.folder)), "")
    above = os.path.dirname(os.path.realpath(folder))
    folders = []
    while above.startswith(home) and os.path.join(above, "") != home:
        prefix = names.to_bytes(shelf.name_of(above)) + b"/"
        if next(shelf.whole_catalogue().known(prefix), None):
            folders.append(above)
        above = os.path.dirname(above)
    return folders


def _dataset_around(folder: str, datasets: Iterable[str]) -> str:
    """Return the dataset whose next index run would enter the folder; "" for none."""
    own = os.path.realpath(folder)
    for root in datasets:
        inside = os.path.join(root, "")
        if own == root:
            return root
        below = own.removeprefix(inside).split(os.sep)
        if own.startswith(inside) and not any(part.startswith(".") for part in below):
            return root
    return ""


def _device(path: str) -> int:
    """Return the device of a path, or of the nearest folder above it that exists."""
    here = os.path.abspath(path)
    while True:
        try:
            return os.stat(here).st_dev
        except OSError:
            above = os.path.dirname(here)
            if above == here:
                return 0
            here = above
