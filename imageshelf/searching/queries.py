"""The queries of a search: pictures, folders of pictures, a list of paths, or another shelf."""

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from typing import BinaryIO, NamedTuple

from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.pictures.images import examine
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.shelf import Shelf, ShelfError, backends, names
from imageshelf.system.files import size_if_known
from imageshelf.system.paths import Url, located
from imageshelf.system.sentences import SentenceError
from imageshelf.system.walking import Walk
from imageshelf.workers import bundling
from imageshelf.workers.jobs import Lost
from imageshelf.workers.limited_map import LimitedMap

STANDARD_INPUT = "-"
LONGEST_LIST = 256 * 2**20  # bytes: a million long names


class QueryError(SentenceError):
    """A query that cannot be made; one sentence says why."""


class Query(NamedTuple):
    """One picture to search for: decoded, or why it could not be read."""

    path: str
    picture: Picture | None
    problem: str = ""


class QueryArguments(NamedTuple):
    """The arguments of a search, expanded."""

    files: list[str]
    shelves: list[str]
    optional: frozenset[str]  # files found in a folder, passed over if they are not pictures


def expanded(arguments: Iterable[str]) -> QueryArguments:
    """Return the files and shelves that the arguments stand for, each once, in order.

    A folder stands for every file below it, "-" for the paths on standard input. Raises
    QueryError for a folder that cannot be listed.
    """
    files: dict[str, None] = {}
    shelves: dict[str, None] = {}
    optional: set[str] = set()
    for path in _with_standard_input(arguments):
        if os.path.isdir(path):
            below = list(_below(path))
            optional.update(name for name in below if name not in files)
            files.update(dict.fromkeys(below))
        elif _is_database(path):
            shelves[path] = None
        else:
            files[path] = None
            optional.discard(path)
    return QueryArguments(list(files), list(shelves), frozenset(optional))


def require_pictures(shelf: Shelf, folders: Iterable[str]) -> None:
    """Refuse a folder that the shelf does not know: mistyped, or never indexed.

    Raises ShelfError.
    """
    for folder in folders:
        prefixes = names.prefixes_below(names.folder(folder), shelf.folder)
        if not any(next(shelf.whole_catalogue().known(prefix), None) for prefix in prefixes):
            raise ShelfError(f"{shelf.path} holds no picture below {folder}; was it indexed?")


def decoded(
    arguments: QueryArguments,
    decoders: LimitedMap,
    *,
    full_decode: bool,
    hash_name: str = DEFAULT,
    points: str = "",
) -> Iterator[Query]:
    """Yield every file as a query, in the order of the arguments.

    `decoders` is a map of `work_overlay.work`, `points` is that of a Task.
    """
    limit_mb = decoders.memory_limit_mb
    how = full_decode, limit_mb, hash_name, points
    tasks = [Task(path, -1, -1, *how) for path in arguments.files]
    waiting: dict[str, Query | None] = {}  # decoded before their turn; None is passed over
    order = iter(arguments.files)
    following = next(order, "")
    answers: Iterator[tuple[Task, Picture | Refusal | Lost]]
    if decoders.jobs and len(tasks) >= bundling.FEWEST_FILES_PER_WORKER * decoders.jobs:
        mapper = decoders.workers(many=True)
        answers = bundling.mapped(mapper, tasks, lambda task: size_if_known(task.path))
    else:
        answers = decoders(tasks, here=partial(examine, turned=True))
    for task, answer in answers:
        passed_over = (
            isinstance(answer, Refusal) and answer.other and task.path in arguments.optional
        )
        waiting[task.path] = None if passed_over else _query(task, answer)
        while following in waiting:
            query = waiting.pop(following)
            following = next(order, "")
            if query is not None:
                yield query


def _query(task: Task, answer: Picture | Refusal | Lost) -> Query:
    if isinstance(answer, Picture):
        return Query(task.path, answer)
    if not isinstance(task.path, Url) and not os.path.lexists(task.path):
        # Mistyped, not vanished as in an index run.
        return Query(task.path, None, "does not exist; check the spelling")
    return Query(task.path, None, answer.reason)


def _below(folder: str) -> Iterator[str]:
    walk = Walk(folder, b"")
    for run in walk:
        for name, _ in run:
            yield os.path.join(folder, os.fsdecode(name))
    if walk.unlisted and walk.unlisted[0][0] == b"":
        raise QueryError(f"the folder {folder!r} cannot be listed: {walk.unlisted[0][1]}")


def _is_database(path: str) -> bool:
    try:
        header = backends.header(path)
    except (OSError, ValueError):
        return False
    return header is not None and not header.problem and not header.empty


def _with_standard_input(arguments: Iterable[str]) -> Iterator[str]:
    for path in arguments:
        if path == STANDARD_INPUT:
            yield from map(located, _listed())
        else:
            yield located(path)


def _listed() -> list[str]:
    """Return the paths that standard input lists; raises QueryError."""
    if sys.stdin is None:
        raise QueryError("--query - reads a list from standard input, which is closed")
    try:
        return paths_in_list(sys.stdin.buffer)
    except OSError as exc:
        raise QueryError(f"the list on standard input cannot be read: {exc.strerror}") from exc


def paths_in_list(stream: BinaryIO) -> list[str]:
    """Return the paths in a list, one a line or separated by NUL bytes (`find -print0`).

    Blank lines are passed over. A byte order mark, which Windows writes, is no part of a path, and
    one of UTF-16 says how to read the list. Raises QueryError for one without end, and OSError.
    """
    data = stream.read(LONGEST_LIST + 1)
    if len(data) > LONGEST_LIST:
        raise QueryError(f"the list on standard input is longer than {LONGEST_LIST >> 20} MiB")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data[: len(data) & ~1].decode("utf-16", "surrogatepass")
        data = text.encode("utf-8", "surrogatepass")
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\0" in data:
        return [os.fsdecode(part) for part in data.split(b"\0") if part]
    return [os.fsdecode(line) for line in data.splitlines() if line.strip()]
