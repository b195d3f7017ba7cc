"""Revisions of the readers of formats: what was read by an older one may have to be read again.

A revision is raised when a mended reader gives some pictures another key or other facts, or reads
what was refused. Which pictures on a shelf these may be is told by what their headers said.
"""

from __future__ import annotations

FIRST = 1  # of every reader, before revisions were noted

TURNED = "turned"  # by an orientation other than 1, perhaps one that viewers pass over
DEEP = "deep"  # with other than 1 or 8 bits per sample
SWALLOWED = "swallowed"  # transparent, and with hardly anything to see

REVISIONS = {
    **dict.fromkeys(("JPEG", "MPO", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "HEIF"), 2),
    "BMP": FIRST,
}
CASES = {  # of the latest revision
    "JPEG": (TURNED,),
    "MPO": (TURNED,),
    "PNG": (TURNED, SWALLOWED),
    "GIF": (SWALLOWED,),
    "WEBP": (TURNED, SWALLOWED),
    "TIFF": (TURNED, DEEP, SWALLOWED),
    "AVIF": (TURNED, SWALLOWED),
    "HEIF": (TURNED, SWALLOWED),
}


def revisions() -> str:
    """Return a line that changes with every revision."""
    return " ".join(f"{name} {revision}" for name, revision in REVISIONS.items())
