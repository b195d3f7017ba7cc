"""Read pieces of a file, and new bytes between them, as if they were one file."""

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO, NamedTuple


class Span(NamedTuple):
    """Bytes of the underlying file."""

    start: int
    end: int


Piece = bytes | Span


def pieced(stream: BinaryIO, pieces: Sequence[Piece]) -> BinaryIO:
    """Return the pieces as a stream that reads `stream` only where somebody reads.

    >>> pieced(io.BytesIO(b"head junk tail"), [Span(0, 4), b" and ", Span(10, 14)]).read()
    b'head and tail'
    """
    return io.BufferedReader(_Pieced(stream, [piece for piece in pieces if _length(piece)]))


def size_bytes(stream: BinaryIO) -> int:
    """Return the size of a stream; moves its position to the end."""
    return stream.seek(0, os.SEEK_END)


def _length(piece: Piece) -> int:
    return max(0, piece.end - piece.start) if isinstance(piece, Span) else len(piece)


class _Pieced(io.RawIOBase):
    def __init__(self, stream: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._stream, self._pieces, self._at = stream, pieces, 0
        self._starts = [0, *accumulate(map(_length, pieces))]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number = bisect_right(self._starts, self._at) - 1
        if number >= len(self._pieces):
            return 0
        piece, inside = self._pieces[number], self._at - self._starts[number]
        wanted = min(len(buffer), self._starts[number + 1] - self._at)
        if isinstance(piece, Span):
            self._stream.seek(piece.start + inside)
            data = self._stream.read(wanted)
        else:
            data = piece[inside : inside + wanted]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
