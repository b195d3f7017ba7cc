"""The floor of a second run: every file below a folder listed and asked for its size and time.

python tests/benchmarks/bare_scan.py PHOTOS
"""

from __future__ import annotations

import os
import sys


def scan(folder: str) -> tuple[int, int]:
    """Number of files below a folder, and their bytes."""
    count = size_bytes = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below = scan(entry.path)
                count, size_bytes = count + below[0], size_bytes + below[1]
            else:
                status = entry.stat()
                count, size_bytes = count + (status.st_mtime_ns > 0), size_bytes + status.st_size
    return count, size_bytes


def main(argv: list[str] | None = None) -> int:
    (folder,) = sys.argv[1:] if argv is None else argv
    count, size_bytes = scan(folder)
    print(count, "files,", size_bytes, "bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
