"""Writes reports whole or not at all, and never over a file that is not a report."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from imageshelf.system.sentences import SentenceError

MARK = b"imageshelf report"  # in the first bytes of every file that may be replaced
HEAD_BYTES = 2048


class ReportError(SentenceError):
    """A report cannot be written; the message is one sentence."""


@contextmanager
def saved(path: str, noun: str) -> Iterator[BinaryIO]:
    """Yield a binary file that takes the place of `path` when the block ends without an error.

    A file at `path` is replaced only if it is a report of ours, with MARK in its first bytes.
    `noun` names the report in messages. Raises ReportError.
    """
    require_replaceable(path, noun)
    draft = _draft(path)
    try:
        with open(draft, "xb") as file:
            yield file
        os.replace(draft, path)
    except OSError as exc:
        raise ReportError(f"cannot write the {noun} {path}: {exc.strerror or exc}") from exc
    except ValueError as exc:  # a NUL in the name
        raise ReportError(f"cannot write the {noun} {path!r}: {exc}") from exc
    finally:
        with suppress(OSError, ValueError):
            os.unlink(draft)


def _draft(path: str) -> str:
    """Return a new name in the same folder, which one rename can put in place of `path`."""
    return os.path.join(os.path.dirname(path), f"imageshelf-{os.urandom(8).hex()}.part")


def require_writable(path: str, noun: str) -> None:
    """Raise ReportError if a report cannot be written to `path`; to be asked before the work."""
    require_replaceable(path, noun)
    draft = _draft(path)
    try:
        with open(draft, "xb"):
            pass
        os.unlink(draft)
    except OSError as exc:
        raise ReportError(f"cannot write the {noun} {path}: {exc.strerror or exc}") from exc


def require_replaceable(path: str, noun: str) -> None:
    """Raise ReportError if `path` has no folder, or is there and not a report of ours."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise ReportError(f"cannot write the {noun} {path}: there is no folder {folder}")
    try:
        if not _exists(path):
            return
        if not os.path.isfile(path):
            raise ReportError(f"{path} is not a regular file; the {noun} needs a name of its own")
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as exc:
        raise ReportError(f"cannot write the {noun} {path}: {exc.strerror or exc}") from exc
    except ValueError as exc:  # a NUL in the name
        raise ReportError(f"cannot write the {noun} {path!r}: {exc}") from exc
    if MARK not in head:
        raise ReportError(
            f"{path} exists and is no report of imageshelf; choose another name for the {noun}"
        )


def _exists(path: str) -> bool:
    """Tell whether anything is there; unlike os.path.lexists, raise if the name is too long."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    return True
