"""Opens pictures in the system's own viewer, through an argument list, never a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 10  # windows opened at a time


def open_pictures(paths: Sequence[str]) -> str:
    """Open at most ten files in the system's viewer; return a sentence that says what happened."""
    there = [path for path in dict.fromkeys(paths) if os.path.isfile(path)]
    if not there:
        return "nothing to open"
    if sys.platform == "win32":
        for path in there[:MOST]:
            os.startfile(path)  # noqa: S606 - the documented way to open a file on Windows
    else:
        command = _command()
        if not command:
            return "no viewer to open pictures with: there is no display, or xdg-open is missing"
        for path in there[:MOST]:
            # The program outlives us; an absolute path cannot be taken for an option.
            subprocess.Popen(  # noqa: S603
                [command, os.path.abspath(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    left = len(there) - MOST
    return f"opened {min(len(there), MOST)}" + (f", {left} more not opened" if left > 0 else "")


def _command() -> str:
    if sys.platform == "darwin":
        return shutil.which("open") or ""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return ""
    return shutil.which("xdg-open") or ""
