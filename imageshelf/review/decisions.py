"""What was decided about groups of a shelf, in a file of the user's state folder: a line a change.

It is not kept on the shelf: a decision cannot wait for an index run that writes there, a shelf may
be read-only, and to whom it is sent need not know what somebody is about to throw away. Lines are
only ever added, each by one write to the end, so a killed server loses none, and two servers that
review one shelf see each other's.
"""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING

from imageshelf.system.user_key import UserKeyError, state_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

SKIPPED, DIFFERENT, OPEN = "s", "n", "-"  # else a letter a card: k keep, x set aside, . neither
LINE = re.compile(rb"([0-9a-f]{16}) ([kx.]+|[sn-])")
READ_BYTES = 1 << 20
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | sum(
    getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")
)  # fmt: skip

Change = tuple[str, str]  # the key of a group, and its marks


class Decisions:
    """The decisions about one shelf: `marks` by the key of the group, `log` every change in order.

    `problem` is a sentence if they cannot be kept; then they last as long as the program.
    """

    def __init__(self, shelf_id: str) -> None:
        self.shelf_id = shelf_id
        self.marks: dict[str, str] = {}
        self.log: list[Change] = []
        self.problem = ""
        self._lock = threading.Lock()
        self._file, self._read = -1, 0
        try:
            folder = os.path.join(state_folder(), "review")
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self._file = os.open(os.path.join(folder, shelf_id), _FLAGS, 0o600)
        except (UserKeyError, OSError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else exc
            self.problem = f"Your choices end with this program, for they cannot be kept: {reason}."
        self.refresh()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def add(self, changes: Iterable[Change]) -> None:
        """Keep changes; they are on the disk when this returns. Raises OSError."""
        every = list(changes)
        lines = "".join(f"{key} {marks}\n" for key, marks in every).encode()
        if self._file < 0:
            self._note(every)
        elif every:
            data = memoryview(b"\n" + lines)  # a line that a killed program left half is ended
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
            self.refresh()

    def refresh(self) -> None:
        """Take over what has come to the file, also by another program."""
        with self._lock:
            if self._file < 0 or os.fstat(self._file).st_size <= self._read:
                return
            os.lseek(self._file, self._read, os.SEEK_SET)
            text = b"".join(iter(lambda: os.read(self._file, READ_BYTES), b""))
            whole = text[: text.rfind(b"\n") + 1]
            self._read += len(whole)
            found = (LINE.fullmatch(line) for line in whole.split(b"\n"))
            self._note([(m[1].decode(), m[2].decode()) for m in found if m])

    def _note(self, changes: list[Change]) -> None:
        for key, marks in changes:
            if marks == OPEN:
                self.marks.pop(key, None)
            else:
                self.marks[key] = marks
        self.log += changes
