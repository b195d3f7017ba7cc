"""Reports on disk: written whole or not at all, and never over a file that is not a report."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MARK = b"imageshelf report"  # stands in the first bytes of every file that may be replaced
HEAD_BYTES = 2048


class ReportError(Exception):
    """A report cannot be written; one sentence says why."""


@contextmanager
def saved(path: str, noun: str) -> Iterator[BinaryIO]:
    """Give a binary file that takes the place of `path` when the block ends well.

    What is at `path` already is replaced only when it is a report of ours, known by MARK in its
    first bytes. `noun` names the report in a sentence. Raises ReportError.
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
    """Return a new name beside a file, from where one rename puts it in place."""
    return os.path.join(os.path.dirname(path), f"imageshelf-{os.urandom(8).hex()}.part")


def require_writable(path: str, noun: str) -> None:
    """Raise ReportError when a report could not be written to `path`, as far as can be told now."""
    require_replaceable(path, noun)
    draft = _draft(path)
    try:
        with open(draft, "xb"):
            pass
        os.unlink(draft)
    except OSError as exc:
        raise ReportError(f"cannot write the {noun} {path}: {exc.strerror or exc}") from exc


def require_replaceable(path: str, noun: str) -> None:
    """Raise ReportError when there is no folder for `path`, or something there that is not ours."""
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
    """Return whether anything is there; unlike os.path.lexists, raise for a name too long."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    return True
