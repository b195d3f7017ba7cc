"""The user's secret key, which tells records of this user's own runs from anybody else's.

It is kept in the user's state folder, or in the folder that `IMAGESHELF_STATE` names. It is made on
first use and never leaves the computer.
"""

import os
import stat
import sys
import time
from contextlib import suppress

KEY_BYTES = 32
FILE = "key"
_MAKING_S = 2.0  # to wait for another process that is writing the key
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO would wait for ever
    | getattr(os, "O_BINARY", 0)
)
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class UserKeyError(Exception):
    """There is no key, and no place to make one; the message is one sentence."""


def state_folder() -> str:
    """Return the absolute folder for the user's state; UserKeyError if the system names none."""
    if own := os.environ.get("IMAGESHELF_STATE"):
        return os.path.abspath(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_STATE_HOME", "")
        if not os.path.isabs(base):  # the specification has such values ignored
            base = os.path.expanduser("~/.local/state")
    if not os.path.isabs(base):
        raise _homeless("this user has no home folder")
    return os.path.join(base, "imageshelf")


def read() -> bytes | None:
    """Return the key, or None if it was never made; UserKeyError if it cannot be trusted."""
    path = os.path.join(state_folder(), FILE)
    deadline = time.monotonic() + _MAKING_S
    while True:
        try:
            key = _read(path)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise _homeless(f"{path} cannot be read: {exc.strerror}") from exc
        if len(key) == KEY_BYTES:
            return key
        if time.monotonic() > deadline:
            raise _homeless(f"{path} is damaged: it does not hold {KEY_BYTES} bytes")
        time.sleep(0.01)


def make() -> bytes:
    """Return the key; if it is new, it is on the disk before this returns."""
    if (key := read()) is not None:
        return key
    folder = state_folder()
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _make(folder)
    except OSError as exc:
        raise _homeless(f"nothing can be written to {folder}: {exc.strerror}") from exc
    if (key := read()) is None:
        raise _homeless(f"{folder} does not keep what is written to it")
    return key


def _read(path: str) -> bytes:
    file = os.open(path, _READ)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise _homeless(f"{path} is not a regular file")
        if os.name == "posix" and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
            raise _homeless(f"{path} belongs to others or can be read by them; make it mode 0600")
        return os.read(file, KEY_BYTES + 1)
    finally:
        os.close(file)


def _make(folder: str) -> None:
    """Make the key unless another process was quicker; either way one complete key exists."""
    new, path = os.path.join(folder, f"{FILE}.{os.urandom(8).hex()}"), os.path.join(folder, FILE)
    try:
        _write(new)
        with suppress(FileExistsError):
            try:
                os.link(new, path)
            except FileExistsError:
                raise
            except OSError:  # no hard links here: others wait until it is whole
                _write(path)
    finally:
        with suppress(OSError):
            os.unlink(new)
    _sync_folder(folder)
    _sync_folder(os.path.dirname(folder))


def _write(path: str) -> None:
    file = os.open(path, _MAKE, 0o600)
    try:
        os.write(file, os.urandom(KEY_BYTES))
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: str) -> None:
    """Put the folder's entries on the disk, if the system can."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _homeless(why: str) -> UserKeyError:
    return UserKeyError(
        f"{why}, so nothing can be marked as yours: let IMAGESHELF_STATE name a folder of your own"
    )
