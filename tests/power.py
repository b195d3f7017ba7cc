"""A disk that loses power: what SQLite did to its files is recorded, cut off anywhere, and rebuilt.

`recording` runs SQLite on real files through a VFS that notes every write, truncation, sync and
deletion in a folder; what the shelf itself writes to mend a file is noted, too. `Disk` replays the
notes up to a cut and then decides, as a disk without power does, what of the rest was already on
it: everything that was synced, and of everything else any part, in any order, torn in the middle or
as garbage. The model is harsher than ext4, APFS or NTFS, which keep more order; it grants what
SQLite itself assumes, that a write changes no byte beside it.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import apsw
import pytest

from imageshelf.shelf import private_copy

SECTOR = 512  # bytes that a disk writes at once
VFS = "power"


class Note(NamedTuple):
    """One thing that happened to a file; `what` is open, write, truncate, sync, delete or told."""

    what: str
    file: str = ""
    at: int = 0
    data: bytes = b""


class _File(apsw.VFSFile):
    def __init__(self, notes: list[Note], name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self.notes = notes
        self.file = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.notes.append(Note("open", self.file))

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self.notes.append(Note("write", self.file, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self.notes.append(Note("truncate", self.file, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self.notes.append(Note("sync", self.file))


class _Vfs(apsw.VFS):
    def __init__(self, notes: list[Note], folder: str) -> None:
        self.notes, self.folder = notes, folder
        super().__init__(VFS, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or os.path.dirname(path) != self.folder:  # a temporary file or copy
            return apsw.VFSFile("", name, flags)
        return _File(self.notes, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        if os.path.dirname(filename) == self.folder:
            self.notes.append(Note("delete", filename, int(syncdir)))


class _Cursor:
    def __init__(self, rows: apsw.Cursor, changes: int) -> None:
        self._rows = rows
        self.rowcount = changes

    def fetchall(self) -> list[Any]:
        return self._rows.fetchall()

    def fetchone(self) -> Any:
        return self._rows.fetchone()

    def fetchmany(self, count: int) -> list[Any]:
        return [row for _, row in zip(range(count), self._rows, strict=False)]

    def close(self) -> None:
        self._rows.close()


class _Connection:
    """As much of `sqlite3.Connection` as the shelf uses, on the recording VFS."""

    def __init__(self, address: str, **_: object) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        self._db = apsw.Connection(address, flags=flags, vfs=VFS)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> _Cursor:
        return _Cursor(self._db.execute(sql, tuple(values)), self._db.changes())

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> _Cursor:
        return _Cursor(self._db.executemany(sql, map(tuple, rows)), self._db.changes())

    def setlimit(self, limit: int, value: int) -> None:
        self._db.limit(limit, value)

    def setconfig(self, option: int, value: bool) -> None:
        self._db.config(option, int(value))

    def set_progress_handler(self, handler: Any, steps: int) -> None:
        self._db.set_progress_handler(handler, steps)

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def close(self) -> None:
        self._db.close()


@contextmanager
def recording(folder: str) -> Iterator[list[Note]]:
    """Inside the block, shelves in a folder are changed under notes; yields their list."""
    notes: list[Note] = []
    vfs = _Vfs(notes, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", _Connection)
        _record_mending(notes, patch)
        yield notes
    vfs.unregister()


def _record_mending(notes: list[Note], patch: pytest.MonkeyPatch) -> None:
    real = {name: getattr(private_copy, name) for name in ("write", "truncate", "sync", "remove")}

    def write(file: int, path: str, at: int, data: bytes) -> None:
        notes.append(Note("write", path, at, data))
        real["write"](file, path, at, data)

    def truncate(file: int, path: str, size: int) -> None:
        notes.append(Note("truncate", path, size))
        real["truncate"](file, path, size)

    def sync(file: int, path: str) -> None:
        real["sync"](file, path)
        notes.append(Note("sync", path))

    def remove(path: str) -> None:
        there = os.path.exists(path)
        real["remove"](path)
        if there:
            notes.append(Note("delete", path, 1))

    for name, recorded in {
        "write": write,
        "truncate": truncate,
        "sync": sync,
        "remove": remove,
    }.items():
        patch.setattr(private_copy, name, recorded)


@dataclass
class _Inode:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[Note] = field(default_factory=list)
    new: bool = True  # never synced: then the first sync takes the folder along, as SQLite does


class Disk:
    """The state of a disk after some notes, of which only part is durable."""

    def __init__(self, notes: Iterable[Note], before: dict[str, bytes] | None = None) -> None:
        """Replay the notes over the files that were there before."""
        self._now = {
            name: _Inode(bytearray(data), new=False) for name, data in (before or {}).items()
        }
        self._entries: dict[str, list[_Inode | None]] = {
            name: [inode] for name, inode in self._now.items()
        }  # per name: the durable entry, then what followed it
        for note in notes:
            self._take(note)

    def _take(self, note: Note) -> None:
        if note.what == "open" and note.file not in self._now:
            self._now[note.file] = _Inode()
            self._entries.setdefault(note.file, [None]).append(self._now[note.file])
        elif note.what in {"write", "truncate"}:
            self._now[note.file].pending.append(note)
        elif note.what == "sync":
            inode = self._now[note.file]
            for pending in inode.pending:
                _apply(inode.synced, pending)
            inode.pending.clear()
            if inode.new:
                inode.new = False
                self._sync_folder()
        elif note.what == "delete":
            del self._now[note.file]
            self._entries[note.file].append(None)
            if note.at:
                self._sync_folder()

    def _sync_folder(self) -> None:
        self._entries = {name: states[-1:] for name, states in self._entries.items()}

    def after_cut(self, rnd: random.Random) -> dict[str, bytes]:
        """Return the files (name: content) that a computer finds when the power is back."""
        files = {}
        kept = rnd.choice([0.0, 0.1, 0.5, 0.9, 1.0])  # how much of what was not synced
        for name, states in self._entries.items():
            inode = rnd.choice(states)
            if inode is not None:
                files[name] = _survived(inode, kept, rnd)
        return files


def _survived(inode: _Inode, kept: float, rnd: random.Random) -> bytes:
    content = bytearray(inode.synced)
    for note in inode.pending:
        fate = rnd.random()
        if fate < kept:
            _apply(content, note)
        elif note.what == "write" and fate < kept + (1 - kept) / 3:
            _tear(content, note, rnd)
    return bytes(content)


def _tear(content: bytearray, note: Note, rnd: random.Random) -> None:
    """Write some of the sectors, cut one in two, or leave garbage where they should be."""
    start = 0
    while start < len(note.data):
        end = min(len(note.data), start + SECTOR - (note.at + start) % SECTOR)
        piece = note.data[start:end]
        fate = rnd.randrange(4)
        if fate == 0:
            piece = rnd.randbytes(len(piece))
        elif fate == 1:
            piece = piece[: rnd.randrange(len(piece) + 1)]
        if fate != 2:
            _apply(content, Note("write", note.file, note.at + start, piece))
        start = end


def _apply(content: bytearray, note: Note) -> None:
    if note.what == "truncate":
        del content[note.at :]
        content.extend(bytes(note.at - len(content)))
        return
    if not note.data:
        return
    content.extend(bytes(max(0, note.at - len(content))))
    content[note.at : note.at + len(note.data)] = note.data


def write_out(files: dict[str, bytes]) -> None:
    """Put the files where they were."""
    for name, content in files.items():
        with open(name, "wb") as file:
            file.write(content)


def clear(folder: str) -> None:
    """Remove every file of a folder."""
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
