"""Moving one file without ever overwriting another, and knowing that it was the right one.

`os.rename` overwrites on POSIX. Linux and macOS have a rename that refuses instead; where the file
system does not know it, a hard link (which never overwrites) and an `unlink` do the same. A rename
goes by name, so whatever was moved is looked at afterwards, and moved back if it is not the file
that was meant.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import sys
from functools import cache
from typing import TYPE_CHECKING

from imageshelf.system.files import FileChangedError

if TYPE_CHECKING:
    from collections.abc import Callable

_AT_FDCWD = -100
_NO_REPLACE = 1  # RENAME_NOREPLACE of linux/fs.h
_EXCLUSIVE = 4  # RENAME_EXCL of macOS' stdio.h
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_NO_LINKS = {errno.EPERM, errno.EMLINK, *_UNSUPPORTED}


def take(source: str, target: str, expected: os.stat_result) -> None:
    """Move the file that `expected` describes to a free place.

    Raises Changed if another file is at `source` (it is there again then), FileExistsError if
    the place is taken, OSError for what else the system refuses.
    """
    move(source, target)
    if os.path.samestat(os.lstat(target), expected):
        return
    try:
        move(target, source)
    except OSError as exc:  # yet another file came to its place in these microseconds
        raise FileChangedError(f"was replaced by another file, which is now {target}") from exc
    raise FileChangedError("was replaced by another file")


def move(source: str, target: str) -> None:
    """Rename, but raise FileExistsError if there is anything at the target."""
    if sys.platform == "win32":
        os.rename(source, target)  # Windows' own refuses
        return
    rename = _exclusive_rename()
    if rename is not None:
        ctypes.set_errno(0)
        if rename(os.fsencode(source), os.fsencode(target)) == 0:
            return
        code = ctypes.get_errno()
        if code not in _UNSUPPORTED:
            raise OSError(code, os.strerror(code), source, None, target)
    _link_and_unlink(source, target)


@cache
def _exclusive_rename() -> Callable[[bytes, bytes], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):  # an older C library
        if sys.platform == "darwin":
            renamex = library.renamex_np
            renamex.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
            return lambda source, target: int(renamex(source, target, _EXCLUSIVE))
        renameat2 = library.renameat2
        path = ctypes.c_char_p
        renameat2.argtypes = [ctypes.c_int, path, ctypes.c_int, path, ctypes.c_uint]
        return lambda source, target: int(
            renameat2(_AT_FDCWD, source, _AT_FDCWD, target, _NO_REPLACE)
        )
    return None


def _link_and_unlink(source: str, target: str) -> None:
    """Move where there is no exclusive rename; in between the file has both names."""
    if not stat.S_ISREG(os.lstat(source).st_mode):
        raise OSError(errno.EINVAL, "is not a regular file", source)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as exc:
        if exc.errno in _NO_LINKS:
            raise OSError(
                exc.errno, "this file system cannot move without overwriting", source
            ) from exc
        raise
    if os.path.samestat(os.lstat(source), os.lstat(target)):
        os.unlink(source)
        return
    os.unlink(target)
    raise OSError(errno.EBUSY, "was replaced by another file", source)
