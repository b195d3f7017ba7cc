"""The sidecar into which a picture takes over what was written about its copies.

It stands beside the picture, `NAME.EXT.xmp`, or is Adobe's `NAME.xmp` where there is one. A change
is an action of the clean-up: its row holds the bytes from before, and the digest of those from
after. So a change that was cut short is known by the file's content, and undo puts the old bytes
back, with their time and mode, unless somebody has written to the sidecar since.
"""

import base64
import contextlib
import hashlib
import os
import stat
from typing import Any

from imageshelf.cleanup.moving import move
from imageshelf.cleanup.records import FileAction
from imageshelf.copies import companions
from imageshelf.pictures.annotations import Annotations, combined
from imageshelf.pictures.digests import DIGEST_BYTES
from imageshelf.pictures.xmp import MOST_BYTES, XmpError, read_packet, written
from imageshelf.system.files import FileChangedError, lstat, open_same, stamp

BEFORE = "before"  # in a row's `stat`: the bytes from before, base64; "" for no file
ABSENT = {"inode": 0, "size_bytes": -1, "mtime_ns": -1, "mode": 0o644, "uid": -1, "gid": -1}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def sidecar_of(picture: str) -> str:
    """Return the sidecar of a picture: the one of its whole name, the one of its stem, or none yet.

    >>> sidecar_of("/photos/a.jpg")
    '/photos/a.jpg.xmp'
    """
    found = {
        os.path.basename(one.path).casefold(): one.path
        for one in companions.belonging(picture, companions.Listings())
        if one.path.casefold().endswith(".xmp")
    }
    names = sidecar_names(picture)
    there = (found.get(os.path.basename(name).casefold()) for name in names)
    return next(filter(None, there), names[0])


def sidecar_names(picture: str) -> tuple[str, str]:
    """Return what the sidecar of a picture can be called: by the whole name, by the stem.

    >>> sidecar_names("/photos/a.jpg")
    ('/photos/a.jpg.xmp', '/photos/a.xmp')
    """
    return f"{picture}.xmp", f"{os.path.splitext(picture)[0]}.xmp"


def noted(sidecar: str) -> dict[str, Any]:
    """Return what must be known of a sidecar to put it back.

    Raises OSError, or FileChangedError for what is no plain file.
    """
    status = lstat(sidecar)
    if status is None:
        return {**ABSENT, BEFORE: ""}
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        raise FileChangedError(f"stays: {sidecar} is no plain file to take anything over into")
    with os.fdopen(open_same(sidecar, stamp(status)), "rb") as file:
        data = file.read(MOST_BYTES + 1)
    known = {**stamp(status)._asdict(), "mode": status.st_mode & 0o7777}
    owner = {"uid": status.st_uid, "gid": status.st_gid}
    return {**known, **owner, BEFORE: base64.b64encode(data).decode()}


def content_after(note: dict[str, Any], added: Annotations) -> bytes:
    """Return a sidecar's content once it has these annotations, too; its own values stay.

    Raises FileChangedError for a sidecar that cannot be understood.
    """
    before = _before(note)
    try:
        own = read_packet(before) if before is not None else Annotations()
        wanted = combined(own, [added]).annotations
        new = {n: value for n, value in wanted._asdict().items() if value != getattr(own, n)}
        return written(Annotations(**new), before)
    except XmpError as exc:
        raise FileChangedError(f"stays: the sidecar to take over into {exc}") from exc


def digest(content: bytes) -> bytes:
    """Return the digest by which a row knows the content it has written."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def change(action: FileAction, content: bytes) -> None:
    """Replace a sidecar, or make it. Raises OSError or FileChangedError with nothing changed."""
    try:
        _write(action.place, content, int(action.stat["mode"]))
        _put(action)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(action.place)
        raise


def _put(action: FileAction) -> None:
    if not _is_as_before(action):
        raise FileChangedError(f"stays: {action.source} has changed meanwhile")
    if _before(action.stat) is None:
        move(action.place, action.source)
    else:
        os.replace(action.place, action.source)


def is_changed(action: FileAction) -> bool:
    """Tell whether a change has happened, and remove what one that was cut short has left."""
    with contextlib.suppress(OSError):
        os.unlink(action.place)
    return action.digest is not None and _digest_of(action.source) == action.digest


def why_not_back(action: FileAction) -> str:
    """Return why a sidecar is not put back, "" if it can be or is as it was before."""
    if lstat(action.source) is None:
        return "" if _before(action.stat) is None else "is not there any more"
    if is_changed(action) or _is_as_before(action):
        return ""
    return "has been written to since; it stays as it is"


def put_back(action: FileAction) -> None:
    """Give a sidecar its old bytes, time and mode, or remove it. Raises OSError, FileChangedError.

    Ends well, too, where that has happened before.
    """
    if reason := why_not_back(action):
        raise FileChangedError(reason)
    if _is_as_before(action):
        return
    before = _before(action.stat)
    if before is None:
        os.unlink(action.source)
        return
    try:
        _write(action.place, before, int(action.stat["mode"]))
        with contextlib.suppress(OSError, AttributeError):
            os.chown(action.place, int(action.stat["uid"]), int(action.stat["gid"]))
        os.utime(action.place, ns=(action.known.mtime_ns, action.known.mtime_ns))
        os.replace(action.place, action.source)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(action.place)
        raise


def _is_as_before(action: FileAction) -> bool:
    before = _before(action.stat)
    if before is None:
        return lstat(action.source) is None
    return _digest_of(action.source) == digest(before)


def _before(note: dict[str, Any]) -> bytes | None:
    """Return the bytes from before, None if there was no file. Raises FileChangedError."""
    text = note.get(BEFORE)
    if note.get("size_bytes") == ABSENT["size_bytes"]:
        return None
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError as exc:
        raise FileChangedError("has a damaged row of history") from exc


def _digest_of(path: str) -> bytes | None:
    status = lstat(path)
    if status is None or not stat.S_ISREG(status.st_mode):
        return None
    with os.fdopen(open_same(path, stamp(status)), "rb") as file:
        return digest(file.read(MOST_BYTES + 1))


def _write(path: str, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(path, mode & 0o666)
