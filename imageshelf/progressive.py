"""A progressive JPEG without its detail: what an eighth of its size needs, and nothing else.

A progressive file sends its picture several times over: first the averages of its 8x8 blocks,
then their detail. Brightness at 1/8 of the size is those averages alone, yet a decoder works
through everything. Here the detail is taken out and the headers of its scans stay: the decoder
finds these scans empty, takes the detail for zero, and still checks tables, order and end.

Only what is well-formed from the first marker to the last is made light. Whatever is odd goes
the ordinary way, so that a damaged file is refused, or read, exactly as it always was.
"""

from __future__ import annotations

import re

END, SCAN = 0xD9, 0xDA
FRAME = 0xC2  # progressive, with Huffman coding
HARMLESS = {0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}  # tables, restart interval, remarks
ADOBE = 0xEE
COEFFICIENTS = 64  # of a block; the first is its average
UNKNOWN = 0xFF
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # no escaped FF, restart, or padding

Precision = dict[int, bytearray]  # component: for each coefficient, the bits still to come


class _OddError(Exception):
    """Something that a plain, complete progressive file does not have."""


def without_detail(data: bytes) -> bytes | None:
    """Return a far smaller JPEG file with the bit-identical 1/8 luma, or None.

    None for whatever is not a complete, well-formed progressive file with Huffman coding and
    luma, at the highest resolution, as its first component. What follows the end is dropped.
    """
    try:
        return _light(data)
    except (_OddError, IndexError, ValueError):  # the latter two: cut short
        return None


def _light(data: bytes) -> bytes:
    kept: list[bytes] = []
    precision: Precision = {}
    begin, at = 0, 2  # of what is kept next; of the next marker
    while data[at] == 0xFF and (marker := data[at + 1]) != END:  # noqa: PLR2004
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == SCAN:
            wanted = _holds_luma_averages(data[at:end], precision)
            found = _NEXT_MARKER.search(data, end)
            at = found.start() if found else len(data)
            if not wanted:
                kept.append(data[begin:end])
                begin = at
            continue
        if marker == FRAME and not precision:
            precision = _components(data[at:end])
        elif marker not in HARMLESS or (marker == ADOBE and not data[at + 15]):  # no luma
            raise _OddError
        at = end
    complete = precision and not any(map(any, precision.values()))
    if data[at] != 0xFF or not complete:  # noqa: PLR2004  a decoder makes up what is missing
        raise _OddError
    return b"".join([*kept, data[begin : at + 2]])


def _components(header: bytes) -> Precision:
    """Return the components that a frame header lists, nothing known of them yet."""
    ids, sampling = header[10::3], header[11::3]
    highest = (max(each >> 4 for each in sampling), max(each & 15 for each in sampling))
    plain = header[4] == 8 and header[9] == len(ids) == len(set(ids)) and len(ids) in {1, 3}  # noqa: PLR2004
    if not plain or ids == b"RGB" or highest != divmod(sampling[0], 16):
        raise _OddError
    return {each: bytearray([UNKNOWN] * COEFFICIENTS) for each in ids}


def _holds_luma_averages(header: bytes, precision: Precision) -> bool:
    """Tell whether a scan holds averages of luma; note what it completes."""
    ids = header[5:-3:2]
    first, last, bits = header[-3:]
    if header[4] != len(ids) or len(header) != 8 + 2 * len(ids) or last >= COEFFICIENTS:
        raise _OddError
    for each in ids:
        if each not in precision:
            raise _OddError
        precision[each][first : last + 1] = bytes([bits & 15]) * (last + 1 - first)
    return first == 0 and next(iter(precision)) in ids
