"""Moves one file without ever overwriting another, and makes sure that it was the right one.

`os.rename` overwrites on POSIX. Linux and macOS also have a rename that refuses to; on file systems
that lack it, a hard link (which never overwrites) and an `unlink` do the same. A rename goes by
name, so the moved file is checked afterwards, and moved back if it is another one.
"""

import contextlib
import ctypes
import errno
import os
import stat
import sys
from collections.abc import Callable
from functools import cache

from imageshelf.system.files import FileChangedError

_AT_FDCWD = -100
_NO_REPLACE = 1  # RENAME_NOREPLACE of linux/fs.h
_EXCLUSIVE = 4  # RENAME_EXCL of macOS' stdio.h
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_NO_LINKS = {errno.EPERM, errno.EMLINK, *_UNSUPPORTED}


def take(source: str, target: str, expected: os.stat_result) -> None:
    """Move the file that `expected` describes to a free place.

    Raises FileChangedError if another file is at `source`, which stays there, FileExistsError if
    the place is taken, and OSError if the system refuses for another reason; after an OSError the
    file may have either name, or both.
    """
    move(source, target)
    if os.path.samestat(os.lstat(target), expected):
        return
    try:
        move(target, source)
    except OSError as exc:  # a third file has taken its place in these microseconds
        raise FileChangedError(f"was replaced by another file, which is now {target}") from exc
    raise FileChangedError("was replaced by another file")


def move(source: str, target: str) -> None:
    """Rename, but raise FileExistsError if there is anything at the target."""
    if sys.platform == "win32":
        os.rename(source, target)  # Windows' own refuses
    elif not renamed(source, target):
        _link_and_unlink(source, target)


def renamed(source: str, target: str) -> bool:
    """Rename by the system's exclusive rename; return False where there is none. Raises OSError."""
    rename = _exclusive_rename()
    if rename is None:
        return False
    ctypes.set_errno(0)
    if rename(os.fsencode(source), os.fsencode(target)) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), source, None, target)


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
    """Move without an exclusive rename; for a moment the file has both names."""
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


def drop_second_name(kept: str, dropped: str) -> None:
    """Remove one of the two names of a file; `kept` still leads to it afterwards.

    Two spellings of one name, such as on a file system that ignores case, are one name: removing it
    would remove the file. Raises FileChangedError for that and for two files, OSError.
    """
    if not os.path.samestat(os.lstat(kept), os.lstat(dropped)):
        raise FileChangedError(f"is another file than {dropped}")
    if not _are_two_entries(kept, dropped):
        raise FileChangedError(f"is the same as {dropped}, spelled otherwise")
    os.unlink(dropped)


def _are_two_entries(a: str, b: str) -> bool:
    """Tell whether two paths are different entries of folders, however they are spelled."""
    (above_a, name_a), (above_b, name_b) = os.path.split(a), os.path.split(b)
    if not os.path.samestat(os.stat(above_a), os.stat(above_b)):
        return True
    return name_a != name_b and {name_a, name_b} <= set(os.listdir(above_a))
