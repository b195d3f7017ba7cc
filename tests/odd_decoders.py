"""What worker processes do in the tests of others' files: the work of an index run, and a watch."""

from __future__ import annotations

import os
import sys
from typing import Any

from PIL import Image

from imageshelf.pictures.calibration_edits import EditsTask, edited_hashes
from imageshelf.pictures.decoding import PLUGINS
from imageshelf.pictures.look_tasks import LookTask
from imageshelf.pictures.recipe import RecipeChoices
from imageshelf.pictures.tasks import Bundle, DigestTask
from imageshelf.workers import work_overlay
from imageshelf.workers.work import work
from tests.worker_functions import BEHAVIOURS

# What Pillow needs to read the formats on the allow-list, and nothing else.
ALLOWED = {*PLUGINS.values(), "PIL.JpegImagePlugin", "PIL.MpoImagePlugin"}
EXPLODED, CAUGHT = 66, 77  # exit statuses


def examine_or_misbehave(item: Any) -> Any:
    """Do the work; a file named after a behaviour is as if its decoder did that.

    One named "later" and a behaviour is read well, and misbehaves when all its pixels are wanted.
    """
    for each in _files(item):
        behaviour = os.path.basename(each.path).partition(".")[0]
        if isinstance(each, DigestTask) and each.pixels:
            behaviour = behaviour.removeprefix("later ")
        if behaviour in BEHAVIOURS:
            BEHAVIOURS[behaviour]()
    return work(item)


def _files(item: Any) -> tuple[Any, ...]:
    if isinstance(item, Bundle):
        return item.tasks
    return () if isinstance(item, RecipeChoices) else (item,)


def look_or_misbehave(item: Any) -> Any:
    """Do the work of a question; a file named after a deed is as if its decoder did that."""
    if isinstance(item, LookTask):
        paths = [item.first, item.second]
    else:
        paths = [each.path for each in _files(item)]
    for path in paths:
        deed = os.path.basename(path).partition(".")[0]
        if deed in BEHAVIOURS:
            BEHAVIOURS[deed]()
    return work_overlay.work(item)


def edit_or_misbehave(task: EditsTask) -> Any:
    """Make edited copies; a file named after a behaviour is as if its decoder did that."""
    deed = os.path.basename(task.path).partition(".")[0]
    return BEHAVIOURS[deed]() if deed in BEHAVIOURS else edited_hashes(task)


def look_or_crash_in_full(item: Any) -> Any:
    """Lay over, or digest; all pixels of one file end the process."""
    if isinstance(item, DigestTask) and os.path.basename(item.path) == "packed otherwise.png":
        os._exit(EXPLODED)
    return work_overlay.work(item)


def _explode(*_: object) -> Any:
    os._exit(EXPLODED)


class _Mine:
    """Ends the process when a plug-in of Pillow's is imported that nobody asked for."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.startswith("PIL.") and name.endswith("ImagePlugin") and name not in ALLOWED:
            os._exit(EXPLODED)


def examine_in_a_minefield(item: Any) -> Any:
    """Do the work where every plug-in but those allowed explodes on import."""
    if not any(isinstance(finder, _Mine) for finder in sys.meta_path):
        Image.preinit()  # Pillow itself loads this one with the common formats
        Image.OPEN["PPM"] = (_explode, _explode)
        sys.meta_path.insert(0, _Mine())
    if any(os.path.basename(each.path) == "step on it.jpg" for each in _files(item)):
        from PIL import EpsImagePlugin

        return EpsImagePlugin
    return work(item)


def forbidden(event: str, arguments: tuple[Any, ...]) -> str:
    """Return what is wrong with something that a worker is about to do, or ""."""
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn")):
        return event
    if event in {"os.fork", "os.forkpty", "pty.spawn", "ctypes.dlopen", "tempfile.mkstemp"}:
        return event
    if event == "open" and isinstance(arguments[2], int):
        writing = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        return f"open {arguments[0]} to write" if writing else ""
    if event in {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.link"}:
        return event
    return ""


_watched: list[int] = []


def examine_under_watch(item: Any) -> Any:
    """Do the work where an attempt to write, connect or start anything ends the process."""
    if not _watched:
        _watched.append(1)
        sys.addaudithook(_catch)
    for each in _files(item):
        if os.path.basename(each.path) == "write.jpg":
            with open(each.path + ".new", "wb"):
                pass
    return work(item)


def _catch(event: str, arguments: tuple[Any, ...]) -> None:
    if forbidden(event, arguments):
        os._exit(CAUGHT)
