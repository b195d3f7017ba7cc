"""The command line that starts a worker process, and the import path it gets."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BOOTSTRAP = "import sys; sys.path[:] = {path}; from {package}.worker_main import main; main()"


def command(module: str) -> list[str]:
    """Return the command line of a worker that can import the module.

    -S spares it the search for site-packages: it gets this process's import path, as of now.
    RuntimeError when this process does not know its own interpreter (an embedded one may not).
    """
    executable = sys.executable
    if sys.platform == "win32":  # a virtual environment's is a launcher there: a second process
        executable = getattr(sys, "_base_executable", executable)
    if not executable:
        raise RuntimeError("sys.executable does not name the Python interpreter")
    path = import_path({__name__, module})
    code = _BOOTSTRAP.format(path=ascii(path), package=__package__)
    return [executable, "-S", "-X", f"utf8={sys.flags.utf8_mode}", "-c", code]


def import_path(modules: Iterable[str]) -> list[str]:
    """Return sys.path, absolute, on which these modules are found where they came from here.

    They may not be on sys.path itself: IPython's %run takes a script's folder off it again.
    """
    path = [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)]
    for name in {module.partition(".")[0] for module in modules} - {"__main__"}:
        file = getattr(sys.modules.get(name), "__file__", None)
        spec = PathFinder.find_spec(name, path)
        if file and (spec is None or spec.origin != file):
            folder = os.path.dirname(file)
            is_package = hasattr(sys.modules[name], "__path__")
            path.insert(0, os.path.dirname(folder) if is_package else folder)
    return path


def creation_flags() -> int:
    """Return what keeps a console's Ctrl-C, and a console window, away from a worker."""
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return 0
