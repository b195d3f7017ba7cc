"""Reads lists of names from pickles without ever executing one.

The standard library's `shelve` stores every value as a pickle, and a pickle is a program. This
reader knows the few instructions that a list of strings needs and refuses all others, so a shelf
from somebody else is only data.
"""

import pickle
from collections.abc import Callable
from typing import Any, ClassVar

MAX_BYTES = 16 * 2**20  # bytes of one value; about 300,000 names

_MARK = object()


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
    try:
        return _Reader().run(data) if name is None else [name]
    except DeprecationWarning as exc:  # of an escape in a text, where warnings are errors
        raise ValueError(str(exc)) from exc


def _single_name(data: bytes) -> str | None:
    """Read the commonest pickle, one short name in protocol 4, ten times faster; else None."""
    if data[:3] != b"\x80\x04\x95" or data[11:14] != b"]\x94\x8c" or data[-3:] != b"\x94a.":
        return None
    if len(data) != data[14] + 18 or int.from_bytes(data[3:11], "little") != len(data) - 11:
        return None
    return str(data[15:-3], "utf-8", "surrogatepass")  # as pickle itself


class _Reader:
    """A pickle machine with a handful of instructions."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.made = 0  # objects: a writer remembers each once, in order
        self.lists = 0

    def run(self, data: bytes) -> list[str]:
        """Return the list; raise ValueError at the first instruction that a list cannot need."""
        import pickletools  # a millisecond, which one short name need not wait for

        for opcode, argument, at in pickletools.genops(data):  # reads no more than there is
            left = len(data) - (at or 0) - 1
            limit = {"PROTO": 5, "FRAME": left}.get(opcode.name)
            if opcode.name == "STOP":
                return self._result(left)
            if opcode.name in self._STEPS:
                self._STEPS[opcode.name](self, argument)
            elif limit is None or argument is None or argument > limit:
                raise ValueError(f"{opcode.name} {argument} has no place in a list of names")
        raise ValueError("the value ends too early")

    def _make(self, item: object) -> None:
        self.made += 1
        self.stack.append(item)

    def _mark(self, _: None) -> None:
        self.stack.append(_MARK)

    def _make_list(self, items: list[object] | None) -> None:
        self.lists += 1
        if self.lists > 1:
            raise ValueError("more than one list")
        self._make(items or [])

    def _make_marked(self, _: None) -> None:
        self._make_list(self._from_mark())

    def _remember(self, index: int | None) -> None:
        index = len(self.memo) if index is None else index
        if self._top() is _MARK:
            raise ValueError("a mark cannot be remembered")
        if not 0 <= index <= self.made:  # the standard library would make room for so many
            raise ValueError("a number far beyond what there is to remember")
        self.memo[index] = self._top()

    def _recall(self, index: int) -> None:
        text = self.memo.get(index)
        if not isinstance(text, str):  # a list inside itself, or nothing at all
            raise ValueError("a reference to something that is no name")  # noqa: TRY004
        self.stack.append(text)

    def _append(self, _: None) -> None:
        self._add([self._pop()])

    def _extend(self, _: None) -> None:
        self._add(self._from_mark())

    def _top(self) -> object:
        if not self.stack:
            raise ValueError("the value is not a list of names")
        return self.stack[-1]

    def _pop(self) -> object:
        self._top()
        return self.stack.pop()

    def _from_mark(self) -> list[object]:
        items: list[object] = []
        while (item := self._pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def _add(self, items: list[object]) -> None:
        target = self._top()
        if not isinstance(target, list) or not all(isinstance(item, str) for item in items):
            raise ValueError("the value is not a list of names")
        target += items

    def _result(self, left: int) -> list[str]:
        if len(self.stack) != 1 or left:
            raise ValueError("the value is not one list of names")
        names = self._pop()
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("the value is not a list of names")
        if sum(map(len, names)) > MAX_BYTES:  # a long one, and many references to it
            raise ValueError(f"names of more than {MAX_BYTES:,} characters")
        return names

    _STEPS: ClassVar[dict[str, Callable[[Any, Any], None]]] = {
        **dict.fromkeys(("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"), _make),
        **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _remember),
        **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _recall),
        "MARK": _mark,
        "EMPTY_LIST": _make_list,
        "LIST": _make_marked,
        "APPEND": _append,
        "APPENDS": _extend,
    }
