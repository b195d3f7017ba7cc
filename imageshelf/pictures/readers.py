"""Revisions of the readers of formats: what was read by an older one may have to be read again.

A revision is raised when a mended reader gives some pictures another key or other facts, or reads
what was refused. For some of these pictures the catalogue shows the case; for others, the file's
header does: see header_facts.py.
"""

FIRST = 1  # of every reader, before revisions were noted

TURNED = "turned"  # by an orientation other than 1, perhaps one that viewers pass over
SWALLOWED = "swallowed"  # transparent, and with hardly anything to see
UNCOUNTED = "uncounted"  # the number of frames is not known
GREY = "grey"  # a corner is of the grey that decoders fill in for lost data
MORE = "more"  # the file holds more than a picture, but what is not known
ANY = "any"

REVISIONS = {
    **dict.fromkeys(("JPEG", "MPO", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "HEIF"), 2),
    **dict.fromkeys(("BMP", "JPEG2000", "JXL", "PSD", "RAW"), FIRST),
}
CASES = {  # of the latest revision: what is read again for what the catalogue shows
    "JPEG": (GREY,),
    "MPO": (GREY,),
    "PNG": (TURNED, SWALLOWED),
    "GIF": (SWALLOWED, UNCOUNTED),
    "WEBP": (TURNED, SWALLOWED),
    "TIFF": (SWALLOWED,),
    "AVIF": (TURNED, SWALLOWED),
    "HEIF": (TURNED, SWALLOWED),
}
HEADER_CASES = {  # of what else the header is looked at
    "JPEG": (TURNED, MORE),
    "MPO": (TURNED, MORE),
    "TIFF": (ANY,),
    "AVIF": (ANY,),
    "HEIF": (ANY,),
}


def revisions() -> str:
    """Return a line that changes with every revision."""
    return " ".join(f"{name} {revision}" for name, revision in REVISIONS.items())
