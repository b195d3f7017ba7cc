"""Start worker processes: their command line, their import path, and an early start.

Starting takes 35 ms of a core that is idle while the parent does its own imports. The scripts
therefore start their first workers before they know that they need any, if the command line
suggests so: `start_early` starts them, `start` hands them out, `end_unused` ends those that nobody
took.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from itertools import pairwise

from imageshelf.system.process import cores

Process = subprocess.Popen[bytes]
WORK_MODULE = "imageshelf.workers.work"  # what the workers of an index run with dHash load
MOST_EARLY_WORKERS = 4  # each costs the parent a millisecond; pool threads start any others

_BOOTSTRAP = (
    "import sys; sys.path[:] = {path}; from imageshelf.workers.serving import main; main({module})"
)
# Large buffers on huge pages, if glibc can (2.35): touching 12,000 small ones takes two fifths of
# the time of a progressive picture of 12 megapixels. The user's own setting has precedence.
_TUNING = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
_early: list[tuple[list[str], Process]] = []


def command(module: str) -> list[str]:
    """Return the command line of a worker that loads the module.

    With -S the worker skips the search for site-packages: it gets this process's import path.
    Raises RuntimeError if this process does not know its interpreter, as an embedded one may not.
    """
    executable = sys.executable
    if sys.platform == "win32":  # a virtual environment's is a launcher there, a second process
        executable = getattr(sys, "_base_executable", executable)
    if not executable:
        raise RuntimeError("sys.executable does not name the Python interpreter")
    path = import_path({__name__, module})
    code = _BOOTSTRAP.format(path=ascii(path), module=ascii(module))
    # -P: with "" on the path, which -c puts there, 3.13.0 cannot import NumPy in a deleted folder
    return [executable, "-P", "-S", "-X", f"utf8={sys.flags.utf8_mode}", "-c", code]


def import_path(modules: Iterable[str]) -> list[str]:
    """Return an absolute sys.path on which these modules are found where this process found them.

    sys.path itself may not do: IPython's %run removes the script's folder from it again.
    """
    path = []
    for entry in sys.path:
        with suppress(FileNotFoundError):  # relative to a current folder that was deleted
            path += [os.path.abspath(entry)] if isinstance(entry, str) else []
    for name in {module.partition(".")[0] for module in modules} - {"__main__"}:
        file = getattr(sys.modules.get(name), "__file__", None)
        spec = PathFinder.find_spec(name, path)
        if file and (spec is None or spec.origin != file):
            folder = os.path.dirname(file)
            is_package = hasattr(sys.modules[name], "__path__")
            path.insert(0, os.path.dirname(folder) if is_package else folder)
    return path


def start(words: list[str], environment: dict[str, str] | None) -> Process:
    """Return a process with that command line: one that was started early, or a new one."""
    while True:
        try:
            early, process = _early.pop()
        except IndexError:  # a check beforehand would not do: several threads come here
            return _started(words, environment)
        if early == words and process.poll() is None:
            return process
        _end(process)


def start_early(module: str, wanted: int) -> None:
    """Start as many of the workers that will probably be wanted as there are other cores.

    One more would slow down this process, which has to be ready first. Nothing depends on the
    guess: workers that nobody takes end with this process. In a notebook it starts none: that
    process does not end, and has imported everything already.
    """
    number = min(wanted, cores() - 1, MOST_EARLY_WORKERS)
    if number < 1 or not sys.executable or "IPython" in sys.modules:
        return
    atexit.register(end_unused)
    words = command(module)
    for _ in range(number):
        try:
            _early.append((words, _started(words, dict(os.environ))))
        except OSError:  # if a process is really needed, starting it will tell why it fails
            return


def likely_jobs(arguments: Sequence[str]) -> int:
    """Return how many workers such an index run will start with; 0 if in doubt.

    >>> likely_jobs(["--dataset", "photos", "--shelve", "new.shelve", "--jobs", "3"])
    3
    >>> likely_jobs(["--dataset", "photos", "--scheduler", "tcp://host:8786"])
    0
    """
    jobs, shelf, plain = cores(), "db.shelve", {"-d", "--dataset", "-q", "--quiet"}
    for word, value in pairwise([*arguments, ""]):
        if word in {"-s", "--shelve", "--shelf"}:
            shelf = value
        elif word in {"-j", "--jobs"}:
            jobs = int(value[:9]) if value.isdecimal() else 0  # int() refuses very long numbers
        elif word.startswith("-") and word not in plain:
            return 0
    return 0 if os.path.exists(shelf) else jobs


def end_unused() -> None:
    """End every process that was started early and not taken."""
    while _early:
        _end(_early.pop()[1])


def _started(words: list[str], environment: dict[str, str] | None) -> Process:
    return subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,  # an import error; afterwards the worker's lifeline
        bufsize=1 << 16,
        env={**_TUNING, **(os.environ if environment is None else environment)},
        creationflags=_creation_flags(),
        start_new_session=True,  # a terminal's Ctrl-C reaches the parent alone
    )


def _creation_flags() -> int:
    """Return flags that keep Ctrl-C and console windows away from a worker on Windows."""
    if sys.platform == "win32":
        return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return 0


def _end(process: Process) -> None:
    process.kill()
    process.communicate()
