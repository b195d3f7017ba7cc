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
    draft = f"{path}.{os.urandom(8).hex()}.part"  # beside it: one rename puts it in place
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


def require_replaceable(path: str, noun: str) -> None:
    """Raise ReportError when there is no folder for `path`, or something there that is not ours."""
    try:
        if not os.path.lexists(path):
            folder = os.path.dirname(os.path.abspath(path))
            if not os.path.isdir(folder):
                raise ReportError(f"cannot write the {noun} {path}: there is no folder {folder}")
            return
        if not os.path.isfile(path):
            raise ReportError(f"{path} is not a regular file; the {noun} needs a name of its own")
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as exc:
        raise ReportError(f"cannot write the {noun} {path}: {exc.strerror or exc}") from exc
    if MARK not in head:
        raise ReportError(
            f"{path} exists and is no report of imageshelf; choose another name for the {noun}"
        )
