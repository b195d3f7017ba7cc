"""One step of a clean-up: both files opened, locked and compared; then the action."""

import errno
import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import NamedTuple

from imageshelf.cleanup import file_actions, last_comparison, locks, planning
from imageshelf.cleanup.path_checks import UnsafePathError
from imageshelf.cleanup.places import PlaceError
from imageshelf.cleanup.planning import File, Step
from imageshelf.cleanup.records import FileAction
from imageshelf.cleanup.trash import TrashError
from imageshelf.copies import companions
from imageshelf.copies.companions import Companion
from imageshelf.copies.sidecar_contents import says_no_more
from imageshelf.pictures.digests import DIGEST_BYTES
from imageshelf.pictures.soundness import Soundness
from imageshelf.searching.kinds import BYTES, PIXELS
from imageshelf.system.files import (
    FileChangedError,
    lstat,
    open_same,
    require_same,
    require_state,
    stamp,
)

CHUNK_BYTES = 1 << 20
NotDone = (
    FileChangedError,
    PlaceError,
    TrashError,
    UnsafePathError,
    OSError,
)  # the file is where it was


class Outcome(NamedTuple):
    """What a step did: where the file is now, and the digest of its bytes if they were read.

    `linked` is the status of a new hard link; `keeper_changed_ns` is the keeper's `st_ctime_ns`
    afterwards, which a new hard link moves.
    """

    place: str
    digest: bytes | None = None
    linked: os.stat_result | None = None
    keeper_changed_ns: int = 0


def why_left(exc: Exception) -> str:
    """Return why a file was left alone, continuing "this file ..."."""
    if isinstance(exc, TrashError):
        return f"stays: the trash refused it ({exc})"
    if isinstance(exc, OSError) and exc.errno == errno.EXDEV:
        return "is on another volume than its place; move it to the same one and try again"
    if isinstance(exc, OSError):
        return f"stays: {exc.strerror or exc}"
    return str(exc)


def take_step(
    step: Step, action: FileAction, kept: Soundness, compared_ns: int | None = None
) -> Outcome:
    """Let a picture go if it and its keeper are as planned; return what was done.

    `kept` is this run's verdict on the keeper; `compared_ns` is the picture's `st_ctime_ns` when
    its pixels were compared, if they were. Raises one of NotDone when nothing has happened.
    """
    with ExitStack() as opened:
        keeper = _keeper(opened, step.keeper, kept)
        own_file = opened.enter_context(ExitStack())
        file = _opened(own_file, step.file, shared=False)
        status = os.fstat(file)
        if os.path.samestat(os.fstat(keeper), status):
            raise FileChangedError("is another name of the file that is kept")
        digest = None
        if step.kind == BYTES or action.verb == planning.HARD_LINK:
            digest = _digest_of_both(keeper, file)
        by_pixels = step.kind == PIXELS or last_comparison.is_wanted(step)
        if by_pixels and compared_ns != status.st_ctime_ns:
            raise FileChangedError("has changed since its pixels were compared")
        require_same(file, step.file.path, step.file.stamp)
        if sys.platform == "win32":  # where an open file cannot be moved
            own_file.close()

        def require() -> os.stat_result:
            _require_kept(keeper, step.keeper)
            return os.fstat(keeper)

        require()
        place = file_actions.perform(action, status, step.keeper.path, require)
        linked, keeper_changed_ns = None, 0
        with suppress(OSError):  # the deed is done; what is unknown only costs the next a look
            if action.verb == planning.HARD_LINK:
                linked = os.lstat(step.file.path)
            keeper_changed_ns = os.fstat(keeper).st_ctime_ns
        return Outcome(place, digest, linked, keeper_changed_ns)


def take_companion(companion: Companion, action: FileAction, keeper: File) -> Outcome:
    """Let a companion go with its picture; raises one of NotDone.

    For good it goes only if one of the keeper's companions has its bytes, or they say as much.
    """
    status = lstat(companion.path)
    if status is None:
        raise FileChangedError("is not there any more")
    require_state(stamp(status), companion.stamp)
    if action.verb == planning.DELETE:
        others = companions.belonging(keeper.path, companions.Listings())
        paths = [other.path for other in others if other.path != companion.path]
        if not has_double(companion.path, paths):
            raise FileChangedError("stays: it is an only copy")
    return Outcome(file_actions.perform(action, status, "", lambda: status))


def has_double(companion: str, others: Sequence[str]) -> bool:
    """Tell whether one of the others has the bytes of a companion, or all together say as much."""
    equal = any(companions.have_equal_bytes(companion, other) for other in others)
    return equal or says_no_more(companion, others)


def _keeper(opened: ExitStack, file: File, verdict: Soundness) -> int:
    try:
        keeper = _opened(opened, file, shared=True)
        if os.fstat(keeper).st_ctime_ns != verdict.changed_ns:
            raise FileChangedError("has changed since it was decoded")  # noqa: TRY301
    except FileChangedError as exc:
        raise FileChangedError(f"stays: the copy to keep {exc}") from exc
    return keeper


def _require_kept(keeper: int, file: File) -> None:
    try:
        require_same(keeper, file.path, file.stamp)
    except FileChangedError as exc:
        raise FileChangedError(f"stays: the copy to keep {exc}") from exc


def _opened(opened: ExitStack, file: File, *, shared: bool) -> int:
    """Open and lock a picture, then make sure that it is still at its path."""
    descriptor = open_same(file.path, file.stamp)
    opened.callback(os.close, descriptor)
    if not locks.lock_file(descriptor, shared=shared):
        raise FileChangedError("is in use by another clean-up")
    require_same(descriptor, file.path, file.stamp)
    return descriptor


def _digest_of_both(first: int, second: int) -> bytes:
    """Return the digest of two open files with equal bytes; FileChangedError when they differ."""
    total = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for descriptor in (first, second):
        os.lseek(descriptor, 0, os.SEEK_SET)
    while True:
        chunk, other = _read(first), _read(second)
        if chunk != other:
            raise FileChangedError("has other bytes than the copy to keep")
        if not chunk:
            return total.digest()
        total.update(chunk)


def _read(descriptor: int) -> bytes:
    """Read a whole chunk or the rest of the file; a network share may return less at a time."""
    parts, missing = [], CHUNK_BYTES
    while missing and (part := os.read(descriptor, missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
