"""The recipe of keys: what they are made with. The `canary` changes if the result does.

Pillow is imported only when a recipe is asked for: a first run of index.py gets it from a worker.
"""

import functools
from typing import NamedTuple

from imageshelf.hashing import hash_names
from imageshelf.hashing.hash_names import HASH_BITS
from imageshelf.pictures.readers import revisions
from imageshelf.system.process import version


class Recipe(NamedTuple):
    """What a shelf's keys were made with; different recipes never mix in one shelf."""

    hash: str  # 'dhash' or one of hash_names.NAMES
    bits: int
    decode: str  # 'reduced' or 'full'
    pillow: str
    imagehash: str
    canary: str  # the bits of small built-in pictures, as 16 hex digits


class RecipeChoices(NamedTuple):
    """The parts of a recipe that a user chooses."""

    hash_name: str = hash_names.DEFAULT
    full_decode: bool = False


@functools.cache
def current_recipe(*, hash_name: str = hash_names.DEFAULT, full_decode: bool = False) -> Recipe:
    """Return the recipe by which this installation makes keys."""
    import PIL

    from imageshelf.pictures.canary import canary

    return Recipe(
        hash_name,
        hash_names.BITS.get(hash_name, HASH_BITS),
        "full" if full_decode else "reduced",
        PIL.__version__,
        version("ImageHash") or "none",
        canary(full_decode=full_decode, hash_name=hash_name),
    )


@functools.cache
def decoders() -> str:
    """Return a line that changes whenever other pictures may have become readable."""
    from importlib.util import find_spec

    import PIL

    optional = [name for name in ("PIL._avif", "PIL._webp") if find_spec(name)]
    heif = f"pillow-heif {version('pillow-heif')}" if find_spec("pillow_heif") else "no HEIF"
    if find_spec("pillow_jxl"):
        optional.append(f"pillow-jxl-plugin {version('pillow-jxl-plugin')}")
    if find_spec("rawpy"):
        optional.append(f"rawpy {version('rawpy')}")
    readers = f"readers {revisions()}"
    return ", ".join([f"Pillow {PIL.__version__}", *optional, heif, readers])
