"""Pictures that a program holds in memory, as files for a while, to be read as any other."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

AS_THEY_ARE = {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"}  # the modes that PNG keeps


def is_one(query: Any) -> bool:
    """Tell whether this is one picture: its path, its bytes, a Pillow image or an array."""
    return (
        isinstance(query, (str, os.PathLike, bytes, bytearray, memoryview))
        or hasattr(query, "__array_interface__")
        or hasattr(query, "getexif")
    )


@contextmanager
def as_files(pictures: Sequence[Any]) -> Iterator[dict[str, str]]:
    """Yield the path of each picture, and its name in an answer: a path, or "picture 1".

    Arrays have the shape and the samples that Pillow's `fromarray` takes. Raises TypeError and
    ValueError for what is no picture.
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix="imageshelf-") as folder:
        names: dict[str, str] = {}
        for number, picture in enumerate(pictures, 1):
            if isinstance(picture, (str, os.PathLike)):
                names[os.fspath(picture)] = os.fspath(picture)
                continue
            path = os.path.join(folder, str(number))
            with open(path, "wb") as file:
                file.write(_encoded(picture))
            names[path] = f"picture {number}"
        yield names


def _encoded(picture: Any) -> bytes:
    """Return a picture as the bytes of a file; what Pillow has turned by EXIF stays turned so."""
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    from PIL import Image

    if not hasattr(picture, "getexif"):
        if not hasattr(picture, "__array_interface__"):
            kind = type(picture).__name__
            raise TypeError(f"expected a path, bytes, a Pillow image or an array, not {kind}")
        picture = Image.fromarray(picture)
    image = picture if picture.mode in AS_THEY_ARE else picture.convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "PNG", exif=picture.getexif(), compress_level=1)
    return stream.getvalue()
