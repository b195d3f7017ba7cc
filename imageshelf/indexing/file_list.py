"""Holds a long list of files in little memory."""

import zlib
from array import array
from collections.abc import Iterator, Sequence

File = tuple[bytes, int, int]  # name on the shelf, size, modification time

FILES_PER_BLOCK = 1000  # files compressed together


class FileList:
    """The files still to be read, some 20 bytes each, so that a million fit anywhere."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._open: list[File] = []
        self._count = 0

    def append(self, name: bytes, size_bytes: int, mtime_ns: int) -> None:
        """Add a file by its name on the shelf."""
        self._open.append((name, size_bytes, mtime_ns))
        self._count += 1
        if len(self._open) >= FILES_PER_BLOCK:
            self._packed.append(_packed(self._open))
            self._open = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[File]:
        for packed in self._packed:
            yield from _unpacked(packed)
        yield from self._open


def _packed(files: Sequence[File]) -> bytes:
    """Pack files by column: names in a folder are much alike, and so are numbers."""
    every, sizes, times = zip(*files, strict=True)
    numbers = array("q", (len(files), *sizes, *times))
    return zlib.compress(numbers.tobytes() + b"\0".join(every), 1)


def _unpacked(packed: bytes) -> Iterator[File]:
    data = zlib.decompress(packed)
    (count,) = array("q", data[:8])
    end = 8 + 16 * count
    numbers = array("q", data[8:end])
    return zip(data[end:].split(b"\0"), numbers[:count], numbers[count:], strict=True)
