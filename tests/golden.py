"""What a terminal shows, held to files that somebody has read.

IMAGESHELF_GOLDEN=write python -m pytest tests/test_front_door.py    writes them anew
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def held(name: str, text: str) -> None:
    """Compare a text with its golden file."""
    path = FOLDER / name
    if os.environ.get("IMAGESHELF_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} shows something else"
