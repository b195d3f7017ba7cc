"""Decides which pictures that a walk did not meet have moved, are gone, or are out of reach.

An unmounted drive looks like a mass deletion, an unreadable folder like an empty one. A name leaves
the shelf only if its folder was listed, on the same device, and the picture was not in it.
"""

import os
from collections.abc import Callable, Collection, Iterable

from imageshelf.indexing.comparison import PICTURES, Known
from imageshelf.indexing.file_list import FileList


def moves(
    vanished: Iterable[Known],
    to_read: FileList,
    inode_of: Callable[[bytes], int],
    path_of: Callable[[bytes], str],
) -> list[tuple[bytes, bytes]]:
    """Return (old name, new name) of pictures that were renamed or moved.

    Size and modification time must be equal, and inode or base name; and there must be only one
    candidate, since copies share everything but the inode.
    """
    lost: dict[tuple[int, int], list[bytes]] = {}
    for known in vanished:
        if known.state in PICTURES:
            lost.setdefault((known.size_bytes, known.mtime_ns), []).append(known.name)
    if not lost:
        return []
    arrived: dict[tuple[int, int], list[bytes]] = {}
    for name, size_bytes, mtime_ns in to_read:
        if (size_bytes, mtime_ns) in lost:
            arrived.setdefault((size_bytes, mtime_ns), []).append(name)
    pairs = []
    for stamp, names in arrived.items():
        pairs += _pairs(lost[stamp], names, inode_of, path_of)
    return pairs


def _pairs(
    before: list[bytes],
    now: list[bytes],
    inode_of: Callable[[bytes], int],
    path_of: Callable[[bytes], str],
) -> list[tuple[bytes, bytes]]:
    inodes = {name: _inode(path_of(name)) for name in now}
    likely = {
        new: [old for old in before if _base(old) == _base(new) or inode_of(old) == inodes[new] > 0]
        for new in now
    }
    claims = [old for olds in likely.values() for old in olds]
    return [
        (olds[0], new)
        for new, olds in likely.items()
        if len(olds) == 1 and claims.count(olds[0]) == 1
    ]


def gone(
    vanished: Iterable[Known],
    unlisted: Collection[bytes],
    renumbered: Collection[tuple[int, int]],
    path_of: Callable[[bytes], str],
) -> list[Known]:
    """Return the files that are really gone: their folder was listed, on the same device.

    `unlisted` are the names (with a final slash) of folders that could not be listed. Device
    numbers can change at a restart: `renumbered` holds (old, new) as seen on remaining pictures.
    """
    devices: dict[str, int] = {}

    def reachable(known: Known) -> bool:
        if any(known.name.startswith(folder) for folder in unlisted):
            return False
        device = _device(os.path.dirname(path_of(known.name)), devices)
        return known.device in {0, device} or (known.device, device) in renumbered

    return [known for known in vanished if reachable(known)]


def _device(folder: str, cache: dict[str, int]) -> int:
    """Return the device of the folder or its nearest existing ancestor."""
    if folder not in cache:
        try:
            cache[folder] = os.stat(folder).st_dev
        except OSError:
            above = os.path.dirname(folder)
            cache[folder] = 0 if above == folder else _device(above, cache)
    return cache[folder]


def _inode(path: str) -> int:
    try:
        return os.stat(path, follow_symlinks=False).st_ino
    except OSError:
        return 0


def _base(name: bytes) -> bytes:
    return name.rpartition(b"/")[2]
