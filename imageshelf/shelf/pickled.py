"""Reads lists of names from pickles without ever executing one.

The standard library's `shelve` stores every value as a pickle, and a pickle is a program. This
reader knows the few instructions that a list of strings needs and refuses all others, so a shelf
from somebody else is only data.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 16 * 2**20  # bytes of one value; about 300,000 names

_MARK = object()
_UTF8 = ("utf-8", "surrogatepass")  # as pickle itself: names keep bytes that are no UTF-8
_FIXED = {  # instruction: bytes of its little-endian argument
    0x80: 1,  # PROTO
    0x95: 8,  # FRAME
    ord("q"): 1,  # BINPUT
    ord("r"): 4,  # LONG_BINPUT
    ord("h"): 1,  # BINGET
    ord("j"): 4,  # LONG_BINGET
    0x8C: 1,  # SHORT_BINUNICODE
    ord("X"): 4,  # BINUNICODE
    0x8D: 8,  # BINUNICODE8
}
_LINES = frozenset(b"Vpg")  # UNICODE, PUT, GET: the argument ends at a newline (protocol 0)
_TEXTS = frozenset((0x8C, ord("X"), 0x8D))
_HIGHEST_PROTOCOL = 5


def dumps(names: list[str]) -> bytes:
    r"""Return the pickle (protocol 4) of a list of strings, as `shelve` writes it.

    >>> loads(dumps(["a.jpg", "b.jpg"]))
    ['a.jpg', 'b.jpg']
    """
    return pickle.dumps(names, protocol=4)


def loads(data: bytes) -> list[str]:
    r"""Return the list of strings in a pickle of protocol 0-5.

    Anything but one list of strings raises ValueError, and so does a value above `MAX_BYTES`.
    Nothing is imported, called, or allocated because a length or a number asks for it: whatever
    would make `pickle.load` do that is refused, too.

    >>> loads(b"(lp0\nVa.jpg\np1\na.")
    ['a.jpg']
    """
    if not isinstance(data, bytes):
        raise ValueError(f"expected a pickle, not {type(data).__name__}")  # noqa: TRY004
    if len(data) > MAX_BYTES:
        raise ValueError(f"value of {len(data):,} bytes; at most {MAX_BYTES:,} are read")
    name = _single_name(data)
    return _Reader(data).run() if name is None else [name]


def _single_name(data: bytes) -> str | None:
    """Read the commonest pickle, one short name in protocol 4, ten times faster; else None."""
    if data[:3] != b"\x80\x04\x95" or data[11:14] != b"]\x94\x8c" or data[-3:] != b"\x94a.":
        return None
    if len(data) != data[14] + 18 or int.from_bytes(data[3:11], "little") != len(data) - 11:
        return None
    return str(data[15:-3], *_UTF8)


class _Reader:
    """A pickle machine with a handful of instructions."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.stack: list[object] = []
        self.memo: list[object] = []
        self.made = 0  # objects: a writer remembers each once, in order
        self.lists = 0

    def run(self) -> list[str]:
        """Return the list; raise ValueError at the first instruction that a list cannot need."""
        simple: dict[int, Callable[[], None]] = {
            ord("("): lambda: self.stack.append(_MARK),
            ord("]"): lambda: self._make_list([]),
            ord("l"): lambda: self._make_list(self._from_mark()),
            ord("a"): self._append,
            ord("e"): self._extend,
            0x94: lambda: self._remember(len(self.memo)),
        }
        while True:
            code = self._take(1)[0]
            if code == ord("."):
                return self._result()
            if code in simple:
                simple[code]()
            elif code in _FIXED:
                self._with_number(code, int.from_bytes(self._take(_FIXED[code]), "little"))
            elif code in _LINES:
                self._with_line(code, self._line())
            else:
                raise ValueError(f"instruction {code:#04x} has no place in a list of names")

    def _take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise ValueError("the value ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def _line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise ValueError("the value ends too early")
        line = self.data[self.at : end]
        self.at = end + 1
        return line

    def _with_number(self, code: int, number: int) -> None:
        if code in _TEXTS:
            self._make(str(self._take(number), *_UTF8))
        elif code in b"qr":
            self._remember(number)
        elif code in b"hj":
            self._recall(number)
        elif code == 0x80 and number > _HIGHEST_PROTOCOL:
            raise ValueError(f"pickle protocol {number} is newer than {_HIGHEST_PROTOCOL}")
        elif code == 0x95 and number > len(self.data) - self.at:
            raise ValueError("the value ends too early")

    def _with_line(self, code: int, line: bytes) -> None:
        if code == ord("V"):
            self._make(str(line, "raw-unicode-escape"))
            return
        if not line.isdigit() or len(line) > 10:
            raise ValueError("expected a short number")
        (self._remember if code == ord("p") else self._recall)(int(line))

    def _make(self, item: object) -> None:
        self.made += 1
        self.stack.append(item)

    def _make_list(self, items: list[object]) -> None:
        self.lists += 1
        if self.lists > 1:
            raise ValueError("more than one list")
        self._make(items)

    def _top(self) -> object:
        if not self.stack:
            raise ValueError("the value is not a list of names")
        return self.stack[-1]

    def _remember(self, index: int) -> None:
        if self._top() is _MARK:
            raise ValueError("a mark cannot be remembered")
        if index > self.made:  # the standard library would make room for so many
            raise ValueError("a number far beyond what there is to remember")
        self.memo += [None] * (index + 1 - len(self.memo))
        self.memo[index] = self._top()

    def _recall(self, index: int) -> None:
        text = self.memo[index] if index < len(self.memo) else None
        if not isinstance(text, str):  # a list inside itself, or nothing at all
            raise ValueError("a reference to something that is no name")  # noqa: TRY004
        self.stack.append(text)

    def _from_mark(self) -> list[object]:
        items: list[object] = []
        while (item := self._pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def _pop(self) -> object:
        if not self.stack:
            raise ValueError("the value is not a list of names")
        return self.stack.pop()

    def _append(self) -> None:
        self._add([self._pop()])

    def _extend(self) -> None:
        self._add(self._from_mark())

    def _add(self, items: list[object]) -> None:
        target = self._top()
        if not isinstance(target, list) or not all(isinstance(item, str) for item in items):
            raise ValueError("the value is not a list of names")
        target += items

    def _result(self) -> list[str]:
        if len(self.stack) != 1 or self.at != len(self.data):
            raise ValueError("the value is not one list of names")
        names = self._pop()
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("the value is not a list of names")
        if sum(map(len, names)) > MAX_BYTES:  # a long one, and many references to it
            raise ValueError(f"names of more than {MAX_BYTES:,} characters")
        return names
