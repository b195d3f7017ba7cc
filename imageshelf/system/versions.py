"""Versions of installed distributions, without importing them."""

from __future__ import annotations

import functools
import os
import re
import sys

SAFE_PILLOW = 13  # the major version that fixes a heap overflow in the JPEG decoder


def version(distribution: str) -> str | None:
    """Return what is installed; None when nothing is.

    The name of a folder beside the package tells it. `importlib.metadata`, which takes 15 ms to
    import, is asked only where there is no such folder, or more than one.
    """
    name = re.sub("[-_.]+", "_", distribution)
    folder = re.compile(rf"{name}-([^-]+)\.dist-info", re.IGNORECASE)
    for entry in sys.path:
        try:
            matches = map(folder.fullmatch, os.listdir(entry or "."))
            found = [match[1] for match in matches if match]
        except (OSError, TypeError):  # a zip file, a hook
            continue
        if len(found) == 1:
            return found[0]
        if found:
            break
    return _asked(distribution)


def _asked(distribution: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def old_pillow() -> str:
    """Return a warning if the installed Pillow has holes that files can use; "" if it has not."""
    installed = version("Pillow") or ""
    major = installed.partition(".")[0]
    if not major.isdecimal() or int(major) >= SAFE_PILLOW:  # a development version is a new one
        return ""
    return (
        f"Pillow {installed} has known holes that a picture can use to run code; upgrade it: "
        f"python -m pip install -U 'Pillow>={SAFE_PILLOW}'"
    )


@functools.cache
def decoders() -> str:
    """Return one line that changes whenever more, or other, pictures may become readable."""
    from importlib.util import find_spec

    import PIL

    optional = [name for name in ("PIL._avif", "PIL._webp") if find_spec(name)]
    heif = f"pillow-heif {version('pillow-heif')}" if find_spec("pillow_heif") else "no HEIF"
    return ", ".join([f"Pillow {PIL.__version__}", *optional, heif])
