"""How a worker process starts: its command line, its import path, and how to begin early.

Starting takes 35 ms of a core, which is idle while the parent imports what it needs itself. So
`index.py` lets its first workers start before it knows that it wants any, whenever its command
line looks like it: `begin` starts them, `start` hands them out, `dismiss` ends what nobody took.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from importlib.machinery import PathFinder
from itertools import pairwise
from typing import TYPE_CHECKING

from imageshelf.system.process import cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Process = subprocess.Popen[bytes]

WORK_MODULE = (
    "imageshelf.workers.work"  # the module that an index run's workers load, if its hash is dHash
)
MOST_EARLY_WORKERS = (
    4  # each takes its parent a millisecond; more can wait for threads of their own
)

_BOOTSTRAP = (
    "import sys; sys.path[:] = {path}; from imageshelf.workers.serving import main; main({module})"
)
# Large buffers on huge pages, where there are such (glibc 2.35): touching 12,000 small ones takes a
# progressive picture of 12 megapixels two fifths of its time. What the user has set is left.
_TUNING = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
_early: list[tuple[list[str], Process]] = []


def command(module: str) -> list[str]:
    """Return the command line of a worker that loads the module.

    -S spares it the search for site-packages: it gets this process's import path, as of now.
    RuntimeError when this process does not know its own interpreter (an embedded one may not).
    """
    executable = sys.executable
    if sys.platform == "win32":  # a virtual environment's is a launcher there: a second process
        executable = getattr(sys, "_base_executable", executable)
    if not executable:
        raise RuntimeError("sys.executable does not name the Python interpreter")
    path = import_path({__name__, module})
    code = _BOOTSTRAP.format(path=ascii(path), module=ascii(module))
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


def start(words: list[str], environment: dict[str, str] | None) -> Process:
    """Return a process with that command line: one that began early, or a new one."""
    while True:
        try:
            early, process = _early.pop()
        except IndexError:  # asking first would not do: each worker has a thread that comes here
            return _started(words, environment)
        if early == words and process.poll() is None:
            return process
        _end(process)


def start_early(module: str, arguments: Sequence[str]) -> None:
    """Start workers now if these arguments of `index.py` look as if it would want some.

    As many as there are other cores: one more would slow down this process, which has to be ready
    first. Nothing depends on the guess: what is not taken ends with this process. A notebook's
    process does not end, and has imported everything.
    """
    number = min(likely_jobs(arguments), cores() - 1, MOST_EARLY_WORKERS)
    if number < 1 or not sys.executable or "IPython" in sys.modules:
        return
    atexit.register(end_unused)
    words = command(module)
    for _ in range(number):
        try:
            _early.append((words, _started(words, dict(os.environ))))
        except OSError:  # whoever really needs a process will say why there is none
            return


def likely_jobs(arguments: Sequence[str]) -> int:
    """Return how many workers such a run of `index.py` will want at once; 0 if in doubt.

    >>> likely_jobs(["--dataset", "photos", "--shelve", "new.shelve", "--jobs", "3"])
    3
    >>> likely_jobs(["--dataset", "photos", "--scheduler", "tcp://host:8786"])
    0
    """
    jobs, shelf, plain = cores(), "db.shelve", {"-d", "--dataset", "-q", "--quiet"}
    for word, value in pairwise([*arguments, ""]):
        if word in {"-s", "--shelve"}:
            shelf = value
        elif word in {"-j", "--jobs"}:
            jobs = int(value[:9]) if value.isdecimal() else 0  # Python reads no longest numbers
        elif word.startswith("-") and word not in plain:
            return 0
    return 0 if os.path.exists(shelf) else jobs


def end_unused() -> None:
    """End every process that began early and was not taken."""
    while _early:
        _end(_early.pop()[1])


def _started(words: list[str], environment: dict[str, str] | None) -> Process:
    return subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,  # an import error; from then on the worker's life line
        bufsize=1 << 16,
        env={**_TUNING, **(os.environ if environment is None else environment)},
        creationflags=_creation_flags(),
        start_new_session=True,  # a terminal's Ctrl-C is the parent's alone
    )


def _creation_flags() -> int:
    """Return what keeps a console's Ctrl-C, and a console window, away from a worker."""
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return 0


def _end(process: Process) -> None:
    process.kill()
    process.communicate()
