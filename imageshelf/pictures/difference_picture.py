"""What differs between two pictures that lie over each other, drawn in red over a pale one."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

RED = np.array((214, 40, 24), np.float32)
PALE = 0.45  # of the picture's contrast, that is left below the red
GAIN = 1 / 48  # of red for each grey level that differs: from 48 on it covers
FAINT = 4.0  # grey levels of noise that are left out
QUALITY = 88


def drawn(picture: npt.NDArray[np.uint8], off: npt.NDArray[np.float32]) -> bytes:
    """Return a JPEG file: a picture, uint8[h, w, 3], pale, and red by so many levels, [h, w]."""
    grey = picture.astype(np.float32).mean(axis=2, keepdims=True)
    pale = 255 - PALE * (255 - grey)
    red = np.clip((off - FAINT) * GAIN, 0, 1)[..., None]
    levels = pale * (1 - red) + RED * red
    file = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
