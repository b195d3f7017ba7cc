"""Files at URLs, whole and in memory: what worker processes read, through fsspec.

Credentials are those that the scheme's own package finds. Only index.py, and a query that is itself
an URL, come here: a shelf from somebody else must not make a search open URLs.
"""

from __future__ import annotations

import errno
import io
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.pictures import formats
from imageshelf.system.files import UnreadableImage, unreadable
from imageshelf.system.words import one_line

if TYPE_CHECKING:
    from imageshelf.system.paths import Url, UrlParts

LARGE_BYTES = (
    1 << 20
)  # bytes; what is larger and promises no picture is looked at before it is read
_filesystems: dict[str, Any] = {}


class UrlStatus(NamedTuple):
    """What the catalogue asks of a file's status; -1 for a size that a listing does not tell.

    Where the store gives a tag (an ETag, a CRC), it decides what is unchanged, and takes the place
    of the nanoseconds.
    """

    st_size: int = -1
    st_mtime_ns: int = 0
    st_dev: int = 0
    st_ino: int = 0
    st_nlink: int = 1
    tagged: bool = False


def fetched(url: Url, size_bytes: int = -1) -> io.BytesIO:
    """Return the whole of a file at an URL, in memory; raises UnreadableImage."""
    parts = url.parts
    try:
        fs = filesystem(parts)
        path = inside(fs, parts)
        if size_bytes > LARGE_BYTES and formats.promised_kind(parts.path) != "":
            head = fs.cat_file(path, start=0, end=formats.HEAD_BYTES)
            content = formats.recognise(head)
            if not content.format:
                reason, other = formats.refusal(parts.path, content)
                raise UnreadableImage(reason, other=other)  # noqa: TRY301
        # Asked for a span, s3fs does not ask for the size first; and what has grown is not held.
        span = {"start": 0, "end": size_bytes + 1} if size_bytes > 0 else {}
        data: bytes = fs.cat_file(path, **span)
    except UnreadableImage:
        raise
    except MemoryError as exc:
        raise unreadable(exc) from exc
    except FileNotFoundError as exc:  # often without its number
        raise unreadable(OSError(errno.ENOENT, "")) from exc
    except PermissionError as exc:
        raise unreadable(OSError(errno.EACCES, "")) from exc
    except Exception as exc:
        raise UnreadableImage(f"cannot be read: {said(exc)}", lasting=False) from exc
    if size_bytes not in {-1, len(data)}:
        raise UnreadableImage("changed while being read", lasting=False)
    return io.BytesIO(data)


def digested(url: Url, *, pixels: bool) -> bytes:
    """Return the digest of the bytes or of the pixels at an URL; raises UnreadableImage."""
    from imageshelf.pictures.digests import digest_of

    return digest_of(fetched(url), url.parts.path, pixels=pixels)


def filesystem(url: UrlParts) -> Any:
    """Return the file system that an URL lies in; one for each bucket, host or archive."""
    root = _root(url)
    if root not in _filesystems:
        core = import_module("fsspec.core")
        family = import_module("fsspec").get_filesystem_class(url.scheme)
        logger = logging.getLogger(family.__module__.partition(".")[0])
        logger.addHandler(logging.NullHandler())  # what goes wrong is told in one line, by us
        logger.propagate = False
        fs, _ = core.url_to_fs(root, use_listings_cache=False, skip_instance_cache=True)
        _filesystems[root] = fs
    return _filesystems[root]


def inside(fs: Any, url: UrlParts) -> str:
    """Return what the file system itself calls the path of an URL, whatever the name holds."""
    plain, colons, rest = url.path.partition("::")  # to fsspec they would be a chain
    folder, slash, name = plain.rpartition("/") if colons else (plain, "", "")
    stripped: str = fs._strip_protocol(f"{url.scheme}://{folder}")  # noqa: SLF001 - it has no other name
    return f"{stripped}{slash}{name}{colons}{rest}"


def _root(url: UrlParts) -> str:
    """Return the bucket, host or archive: what the file system is made from."""
    first = "" if url.chain else url.path.partition("/")[0]
    return f"{url.scheme}://{first}{url.chain}"


def reopen_later(url: UrlParts) -> None:
    """Open the file system of an URL anew when it is wanted again."""
    _filesystems.pop(_root(url), None)


def said(exc: Exception) -> str:
    """Return what an error of any package says, on one line."""
    return one_line(exc).removeprefix(f"{type(exc).__name__}: ").rstrip(".")
