"""What a worker process does for the last step of an index run: digest one picture.

Apart from `identifying`, which sees to the step: a worker should import little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.pictures.decoding import memory_limit
from imageshelf.pictures.digests import digest, pixel_digest
from imageshelf.system.files import UnreadableImage
from imageshelf.system.urls import is_url

if TYPE_CHECKING:
    from imageshelf.pictures.tasks import Wanted


def digested(wanted: Wanted) -> bytes | None:
    """Return the digest, or None for a picture that cannot be read now; what a worker does."""
    try:
        with memory_limit(wanted.memory_limit_mb):
            if is_url(wanted.path):
                from imageshelf.pictures import fetching

                return fetching.digested(wanted.path, pixels=wanted.pixels)
            return (pixel_digest if wanted.pixels else digest)(wanted.path)
    except (UnreadableImage, OSError):
        return None
