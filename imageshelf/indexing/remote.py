"""Datasets at URLs: buckets, servers and archives, through fsspec, loaded on first use.

    folder = Folder("s3://bucket/photos")          # or "zip://trip/*.jpg::file:///x.zip"
    compare(folder, catalogue.known(folder.prefix), survey)

A picture's name on the shelf is its URL. Listing is done here, a folder at a time; worker
processes read the pictures (`fetching`).
"""

import calendar
import datetime as dt
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from imageshelf.indexing.comparison import Survey, matched, to_be_read
from imageshelf.indexing.settings import DatasetError
from imageshelf.pictures import fetching
from imageshelf.pictures.fetching import UrlStatus
from imageshelf.pictures.tasks import Task
from imageshelf.shelf.catalogue import KnownRow
from imageshelf.system import discarded
from imageshelf.system.paths import Url, UrlParts
from imageshelf.system.program import typed
from imageshelf.system.terminal import quoted
from imageshelf.system.walking import SYSTEM_NAMES, excluder
from imageshelf.workers.jobs import Lost

SECOND = 10**9  # nanoseconds
_MAGIC = re.compile(r"(\*\*/?|\*|\?)")
_TIMES = ("LastModified", "mtime", "updated", "modified", "last_modified", "created")
_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "CRC", "checksum")
_AUTHORITIES = frozenset({"sftp", "ssh", "ftp", "smb", "http", "https", "webhdfs", "hdfs"})


class RemoteFolder:
    """A dataset at a URL: everything below it, or all that matches a pattern with *, ? and **.

    Raises DatasetError if it cannot be listed; no other error of fsspec's leaves this class.
    """

    def __init__(self, url: Url, exclude: Sequence[str] = (), *, emptied: bool = False) -> None:
        """Open the file system and list the topmost folder.

        A bucket has no empty folders; with `emptied`, a missing folder counts as an empty one.
        """
        self.url = url
        parts = _without_password(url.parts, url)
        fixed, self._pattern, self._depth = _split(parts.path)
        self._base = f"{parts.scheme}://{fixed}"
        self._base += "" if self._base.endswith("/") else "/"
        self._chain = parts.chain
        self.prefix, self._suffix = _bytes(self._base), _bytes(self._chain)
        self._excluded = excluder(exclude)
        place = UrlParts(parts.scheme, fixed, parts.chain)
        try:
            fetching.reopen_later(place)  # an archive may have changed since
            self._fs = fetching.filesystem(place)
            self._root = fetching.inside(self._fs, place).rstrip("/")
            self._top = self._listed_first(place, emptied=emptied)
        except Exception as exc:
            raise _refusal(url, exc) from exc
        if [(_name(info), info["type"]) for info in self._top] == [(self._root, "file")]:
            folder = quoted(url.rpartition("/")[0])
            raise DatasetError(f"{url} is a file; index its folder: {typed('index')} {folder}")

    def _listed_first(self, place: UrlParts, *, emptied: bool) -> list[dict[str, Any]]:
        try:
            listing: list[dict[str, Any]] = self._fs.ls(self._root, detail=True)
        except FileNotFoundError:
            bucket = place._replace(path=place.path.partition("/")[0])
            if not emptied or bucket == place:
                raise
            self._fs.ls(fetching.inside(self._fs, bucket))
            return []
        return listing

    def below(self, name: bytes) -> str:
        """Return the part of a name on the shelf below this dataset."""
        return name[len(self.prefix) : len(name) - len(self._suffix)].decode(errors="replace")

    def holds(self, name: bytes) -> bool:
        """Tell whether a name on the shelf is one that this dataset would list."""
        inside = name.startswith(self.prefix) and name.endswith(self._suffix)
        return inside and self._matches(self.below(name))

    def excluded(self, below: str) -> bool:
        """Tell whether a path, or a folder that it lies in, is excluded."""
        parts = _bytes(below).split(b"/")
        return any(
            parts[at].startswith(b".")
            or parts[at] in SYSTEM_NAMES
            or discarded.kind_of(parts[at])
            or self._excluded(b"/".join(parts[: at + 1]))
            for at in range(len(parts))
        )

    def known(self, pages: Iterator[list[KnownRow]]) -> Iterator[KnownRow]:
        """Yield the remembered files that this dataset would list."""
        return (row for page in pages for row in page if self.holds(row[0]))

    def walk(self, survey: Survey) -> Iterator[tuple[bytes, UrlStatus]]:
        """Yield name and status of every file, in the bytewise order of names.

        Unreadable folders and links are noted in the survey.
        """
        stack = [self._listing("", self._top, survey)]
        while stack:
            for name, below, info in stack[-1]:
                if info["type"] == "directory":
                    inside = self._listed(name, _name(info), survey)
                    stack.append(self._listing(below, inside, survey))
                    break
                yield name, _status(info)
            else:
                stack.pop()

    def _listing(
        self, folder: str, infos: Iterable[dict[str, Any]], survey: Survey
    ) -> Iterator[tuple[bytes, str, dict[str, Any]]]:
        """Return (name, path below, info) of the wanted entries in order; folders end in "/"."""
        wanted = []
        for info in infos:
            path = _name(info)
            if not path.startswith(self._root):
                raise DatasetError(f"{self.url!r} lists {path!r}, which does not lie in it")
            below = path[len(self._root) :].removeprefix("/")
            is_folder = info["type"] == "directory"
            if is_folder and below.rstrip("/") == folder and below != folder:
                empty = _bytes(f"{self._base}{folder}//")
                survey.unlisted.append((empty, "has no name, which fsspec cannot look into"))
                continue
            below = below.rstrip("/") if is_folder else below
            kind = discarded.kind_of(_bytes(below).rpartition(b"/")[2]) if is_folder else ""
            if kind and below != folder:
                survey.passed_over.append((_bytes(f"{self._base}{below}/"), kind))
                continue
            if below.rstrip("/") == folder or below.endswith("/") or self.excluded(below):
                continue  # a folder's marker, or excluded
            if info["type"] == "link" or info.get("islink"):
                survey.links += 1
            elif is_folder and (self._depth is None or below.count("/") < self._depth):
                wanted.append((_bytes(f"{self._base}{below}/"), below, info))
            elif info["type"] == "file" and self._matches(below):
                wanted.append((_bytes(f"{self._base}{below}{self._chain}"), below, info))
        return iter(sorted(wanted, key=lambda entry: entry[0]))

    def _listed(self, name: bytes, path: str, survey: Survey) -> list[dict[str, Any]]:
        try:
            listing: list[dict[str, Any]] = self._fs.ls(path, detail=True)
        except FileNotFoundError:  # gone since it was listed
            return []
        except PermissionError:
            survey.unlisted.append((name, "permission denied"))
            return []
        except Exception as exc:
            raise _refusal(self.url, exc) from exc
        return listing

    def _matches(self, below: str) -> bool:
        return self._pattern is None or self._pattern.fullmatch(below) is not None


def compare(folder: RemoteFolder, known: Iterator[KnownRow], survey: Survey) -> None:
    """Compare a listing with the remembered names of the same dataset; add to the survey."""
    for name, status, before in matched(folder.walk(survey), known, survey):
        if before is None:
            survey.new += 1
        elif not to_be_read(before, survey, unchanged=_unchanged(before, status)):
            continue
        survey.to_read.append(name, status.st_size, status.st_mtime_ns)


def outermost(roots: Iterable[Url]) -> list[Url]:
    """Return the URLs, sorted, without those that lie below another.

    >>> outermost([Url("s3://bucket/trip"), Url("s3://bucket/"), Url("s3://other")])
    ['s3://bucket', 's3://other']
    """
    chosen: list[Url] = []
    plain = {Url(root.parts._replace(path=root.parts.path.rstrip("/"))) for root in roots}
    for root in sorted(plain, key=len):
        if not any(_is_below(root.parts, other.parts) for other in chosen):
            chosen.append(root)
    return sorted(chosen)


def _is_below(url: UrlParts, other: UrlParts) -> bool:
    inside = f"{other.path}/" if other.path else ""
    return (
        (url.scheme, url.chain) == (other.scheme, other.chain)
        and not _MAGIC.search(other.path)
        and (url.path == other.path or url.path.startswith(inside))
    )


def _split(path: str) -> tuple[str, re.Pattern[str] | None, int | None]:
    """Return the fixed part of a path, the pattern of the rest, and the pattern's depth."""
    if not _MAGIC.search(path):
        return path.rstrip("/"), None, None
    fixed = _MAGIC.split(path)[0].rpartition("/")[0]
    rest = path[len(fixed) :].removeprefix("/")
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pattern = "".join(meaning.get(part, re.escape(part)) for part in _MAGIC.split(rest))
    return fixed, re.compile(pattern, re.DOTALL), None if "**" in rest else rest.count("/")


# -- errors, and what a listing says --------------------------------------------------------------


def _without_password(parts: UrlParts, url: str) -> UrlParts:
    if parts.scheme in _AUTHORITIES and urlsplit(f"x://{parts.path}").password:
        shown = url.replace(parts.path.partition("@")[0], "...", 1)
        raise DatasetError(
            f"{shown} has a password, which would be written on the shelf: "
            "use a key, or fsspec's own configuration"
        )
    return parts


def _refusal(url: str, exc: Exception) -> DatasetError:
    """Return one sentence for any error of fsspec or the packages below it."""
    if isinstance(exc, DatasetError):
        return exc
    said = fetching.message_of(exc)
    if isinstance(exc, ModuleNotFoundError) and str(exc.name).startswith("fsspec"):
        why = "needs fsspec: python -m pip install fsspec"
    elif isinstance(exc, ImportError):
        why = f"needs a package that is not installed: {said}"
    elif isinstance(exc, ValueError) and "rotocol" in said:
        why = "has a scheme that fsspec does not know"
    elif isinstance(exc, FileNotFoundError):
        why = (
            "does not exist, or nothing is left in it: check the spelling, or add "
            "--allow-vanished. Nothing was changed"
        )
    elif isinstance(exc, PermissionError):
        why = f"may not be listed: are the credentials the right ones? ({said})"
    elif "credential" in f"{type(exc).__name__} {said}".lower():
        why = (
            "cannot be listed without credentials: give them as its package expects, for s3:// "
            f"in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ({said})"
        )
    else:
        why = f"cannot be listed: {said}. Nothing was changed"
    return DatasetError(f"{url} {why}")


def _name(info: dict[str, Any]) -> str:
    return str(info["name"])


def _bytes(name: str) -> bytes:
    from imageshelf.shelf import names

    return names.to_bytes(name)


def _unchanged(old: KnownRow, status: UrlStatus) -> bool:
    _, size_bytes, mtime_ns, *_ = old
    same_tag = status.tagged and mtime_ns % SECOND == status.st_mtime_ns % SECOND
    return status.st_size in {-1, size_bytes} and (same_tag or mtime_ns == status.st_mtime_ns)


def _status(info: dict[str, Any]) -> UrlStatus:
    size = info.get("size")
    time_ns = next((_time_ns(info[key]) for key in _TIMES if info.get(key)), 0)
    if info.get("date_time"):  # a ZIP archive's
        time_ns = _time_ns(info["date_time"])
    tag = next((info[key] for key in _TAGS if info.get(key) is not None), None)
    if tag is not None:
        digest = hashlib.blake2b(repr(tag).encode(), digest_size=8).digest()
        time_ns += int.from_bytes(digest) % SECOND - time_ns % SECOND
    return UrlStatus(-1 if size is None else int(size), time_ns, tagged=tag is not None)


def _time_ns(value: object) -> int:
    """Return a time in nanoseconds from any form that file systems use, or 0."""
    try:
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        if isinstance(value, dt.datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
            value = aware.timestamp()
        if isinstance(value, tuple):
            return calendar.timegm((*value, 0, 0, 0)) * SECOND
        if isinstance(value, (int, float)):
            return int(value) * SECOND + round(value % 1 * SECOND)
    except (ValueError, OverflowError):
        pass
    return 0


SHARE_OF_MEMORY = 4  # an object may take a quarter of a worker's limit; decoding needs the rest


def within(
    tasks: Iterable[Task], memory_bytes: int, mapper: Callable[[Iterable[Task]], Iterator[Any]]
) -> Iterator[Any]:
    """Yield (task, answer) of a map over tasks; objects too large for memory are refused."""
    most = memory_bytes // SHARE_OF_MEMORY
    refused: deque[tuple[Task, Lost]] = deque()

    def fitting() -> Iterator[Task]:
        for task in tasks:
            if isinstance(task.path, Url) and task.size_bytes > most:
                reason = (
                    f"needs more memory than there is: at a URL, files up to {most / 1e6:,.0f} MB "
                    "are read"
                )
                refused.append((task, Lost(reason, lasting=False)))
            else:
                yield task

    for answer in mapper(fitting()):
        yield answer
        while refused:
            yield refused.popleft()
    yield from refused
