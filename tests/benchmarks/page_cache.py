"""Files taken out of the page cache before a run, and a look at whether they are.

python tests/benchmarks/page_cache.py FOLDER   (drops what is below FOLDER, says what stayed)

The system's cache only: a disk, or a host that this system is a guest of, may keep them in its own.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def drop(paths: Iterable[str]) -> None:
    """Ask the system to forget the contents of files; those not yet on the disk go there first."""
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cached_bytes(paths: Iterable[str]) -> int:
    """Bytes of files that are in the page cache, in whole pages; looking reads nothing (mincore).

    Raises OSError where the system does not tell.
    """
    return sum(map(_cached_pages, paths)) * mmap.PAGESIZE


def _cached_pages(path: str) -> int:
    with open(path, "rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if not size_bytes:
            return 0
        # Private and writable, for its address only; nothing is written, so nothing is read either.
        with mmap.mmap(file.fileno(), size_bytes, access=mmap.ACCESS_COPY) as mapped:
            pages = (ctypes.c_ubyte * -(-size_bytes // mmap.PAGESIZE))()
            start = ctypes.c_char.from_buffer(mapped)
            libc = ctypes.CDLL(None, use_errno=True)
            failed = libc.mincore(
                ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(size_bytes), pages
            )
            del start  # a mapping in use cannot be closed
            if failed:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)
    return sum(page & 1 for page in pages)


def below(folder: str) -> list[str]:
    """Paths of all files below a folder."""
    return [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]


def main(argv: list[str] | None = None) -> int:
    (folder,) = sys.argv[1:] if argv is None else argv
    paths = below(folder)
    before = cached_bytes(paths)
    drop(paths)
    print(f"{len(paths)} files, cached: {before} bytes before, {cached_bytes(paths)} after")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
