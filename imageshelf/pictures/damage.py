"""What a decoder's exception says about a file, in words of ours.

Every reason that completes "this file is a PNG picture ..." stands here.
"""

from __future__ import annotations

import re

ENDS_EARLY = "that ends too early"
DAMAGED = "that is damaged"
NOT_READ = "of a kind that is not read"

_CUT_SHORT = (
    r"truncated|not enough (image )?data|requires a (bytes|buffer)|out of range|premature|"
    r"unexpected end|end.of.(file|data|stream)|\beof\b"
)
_REASONS = (  # of a decoder's message, the reason; the first that fits counts
    (_CUT_SHORT, ENDS_EARLY),
    (r"12-bit layers", f"{NOT_READ}: 12 bits per sample"),
    (r"\d+-bit layers", f"{NOT_READ}: an unusual number of bits per sample"),
    (r"\d+-layer images", f"{NOT_READ}: an unusual number of colours"),
    (r"unknown pixel mode|unknown data organization", f"{NOT_READ}: an unusual layout of samples"),
    (r"lossless process", f"{NOT_READ}: lossless JPEG"),
    (r"hierarchical process", f"{NOT_READ}: hierarchical JPEG"),
    (
        r"unsupported|not (?:yet )?supported|not implemented|no decoding plugin|decoder \S+ not",
        NOT_READ,
    ),
    (r"unknown compression", f"{NOT_READ}: an unusual compression"),
)


def damage_reason(words: str, exc: Exception) -> str:
    """Return what a decoder's exception says about a file, completing "this file ..."."""
    message = str(exc)
    for pattern, reason in _REASONS:
        if re.search(pattern, message, re.IGNORECASE):
            return f"is {words} {reason}"
    return f"is {words} {DAMAGED}"
