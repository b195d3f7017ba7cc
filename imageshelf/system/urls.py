"""What is an URL among paths and names, and its parts. `remote` opens them; nothing here does.

s3://bucket/trip/a.jpg              scheme, path
zip://trip/a.jpg::file:///x.zip     scheme, path, and the chain that the path lies in
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Two characters of scheme at least: C:/ is a drive of Windows. Compiled when there is an URL: every
# process imports this.
_URL = r"[A-Za-z][A-Za-z0-9+.-]+://"
_PARTS = (
    r"(?s)([A-Za-z][A-Za-z0-9+.-]+)://(.*?)"
    r"((?:::[A-Za-z0-9+.-]+)*::[A-Za-z][A-Za-z0-9+.-]+://.*)?"
)


class Url(NamedTuple):
    """The parts of an URL; joined again they are the text."""

    scheme: str
    path: str  # for many schemes the host or bucket comes first
    chain: str  # "" or from the first "::scheme://" on

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}{self.chain}"


def is_url(path: str) -> bool:
    r"""Tell whether a path or a name is an URL: it begins with a scheme and `://`.

    >>> [is_url(path) for path in ("s3://a/b.jpg", "C:\\a.jpg", "c://a.jpg", "/a/x://b.jpg")]
    [True, False, False, False]
    """
    return "://" in path and re.match(_URL, path) is not None


def parted(url: str) -> Url:
    """Return the parts of an URL.

    >>> parted("zip://trip/a.jpg::file:///x.zip")
    Url(scheme='zip', path='trip/a.jpg', chain='::file:///x.zip')
    >>> parted("s3://bucket/a::b.jpg")
    Url(scheme='s3', path='bucket/a::b.jpg', chain='')
    """
    found = re.fullmatch(_PARTS, url)
    if found is None:
        raise ValueError(f"{url!r} is no URL")
    return Url(found[1], found[2], found[3] or "")
