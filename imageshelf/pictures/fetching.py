"""Read files at URLs through fsspec, whole and into memory, in worker processes.

Credentials are those that the scheme's own package finds. Only index.py and a query that is itself
a URL lead here: a shelf from somebody else must not make a search open URLs.
"""

import errno
import io
import logging
from importlib import import_module
from typing import Any, NamedTuple

from imageshelf.pictures import formats
from imageshelf.system.files import UnreadableImage, unreadable
from imageshelf.system.paths import Url, UrlParts
from imageshelf.system.words import one_line

LARGE_BYTES = 1 << 20  # of a larger file without a picture's name, the head is read first
_filesystems: dict[str, Any] = {}


class UrlStatus(NamedTuple):
    """The parts of a file's status that the catalogue needs; size -1 if a listing does not tell.

    If the store has a tag (an ETag, a CRC), the tag decides whether a file has changed, and a hash
    of it replaces the nanoseconds.
    """

    st_size: int = -1
    st_mtime_ns: int = 0
    st_dev: int = 0
    st_ino: int = 0
    st_nlink: int = 1
    tagged: bool = False


def fetched(url: Url, size_bytes: int = -1) -> io.BytesIO:
    """Return the content of a file at a URL, in memory; raises UnreadableImage."""
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
        # For a span, s3fs does not ask for the size first, and a file that grew is not read whole.
        span = {"start": 0, "end": size_bytes + 1} if size_bytes > 0 else {}
        data: bytes = fs.cat_file(path, **span)
    except UnreadableImage:
        raise
    except MemoryError as exc:
        raise unreadable(exc) from exc
    except FileNotFoundError as exc:  # often without an errno
        raise unreadable(OSError(errno.ENOENT, "")) from exc
    except PermissionError as exc:
        raise unreadable(OSError(errno.EACCES, "")) from exc
    except Exception as exc:
        raise UnreadableImage(f"cannot be read: {message_of(exc)}", lasting=False) from exc
    if size_bytes not in {-1, len(data)}:
        raise UnreadableImage("changed while being read", lasting=False)
    return io.BytesIO(data)


def digested(url: Url, *, pixels: bool) -> bytes:
    """Return the digest of the bytes or the pixels at a URL; raises UnreadableImage."""
    from imageshelf.pictures.digests import digest_of

    return digest_of(fetched(url), url.parts.path, pixels=pixels)


def filesystem(url: UrlParts) -> Any:
    """Return the file system of a URL; there is one per bucket, host or archive."""
    root = _root(url)
    if root not in _filesystems:
        core = import_module("fsspec.core")
        family = import_module("fsspec").get_filesystem_class(url.scheme)
        logger = logging.getLogger(family.__module__.partition(".")[0])
        logger.addHandler(logging.NullHandler())  # our own error tells it in one line
        logger.propagate = False
        fs, _ = core.url_to_fs(root, use_listings_cache=False, skip_instance_cache=True)
        _filesystems[root] = fs
    return _filesystems[root]


def inside(fs: Any, url: UrlParts) -> str:
    """Return what the file system itself calls the path of a URL, whatever characters it has."""
    plain, colons, rest = url.path.partition("::")  # fsspec would take them for a chain
    folder, slash, name = plain.rpartition("/") if colons else (plain, "", "")
    stripped: str = fs._strip_protocol(f"{url.scheme}://{folder}")  # noqa: SLF001 - it has no other name
    return f"{stripped}{slash}{name}{colons}{rest}"


def _root(url: UrlParts) -> str:
    """Return the URL of the bucket, host or archive."""
    first = "" if url.chain else url.path.partition("/")[0]
    return f"{url.scheme}://{first}{url.chain}"


def reopen_later(url: UrlParts) -> None:
    """Forget the file system of a URL, so that its next use opens it again."""
    _filesystems.pop(_root(url), None)


def message_of(exc: Exception) -> str:
    """Return the message of any package's error on one line."""
    return one_line(exc).removeprefix(f"{type(exc).__name__}: ").rstrip(".")
