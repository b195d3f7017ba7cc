"""What to type: a message names the command that its reader has just used."""

import os
import sys

COMMAND = "imageshelf"
SCRIPTS = {"index": "index.py", "search": "search.py", "duplicates": "search.py --duplicates"}


def typed(verb: str = "") -> str:
    """Return how the running program's user types a verb, without one the command alone.

    The installed command is `imageshelf`. The two scripts name each other. Anywhere else, as in a
    notebook, `python -m imageshelf` works.
    """
    name = os.path.basename(sys.argv[0]) if sys.argv else ""
    if name in {"index.py", "search.py"} and verb in SCRIPTS:
        return SCRIPTS[verb]
    command = COMMAND if os.path.splitext(name)[0] == COMMAND else f"python -m {COMMAND}"
    return f"{command} {verb}".rstrip()
