"""The command `imageshelf`, also `python -m imageshelf`: every verb."""

import sys
from contextlib import nullcontext

from imageshelf.system import process

if __name__ == "__main__":
    process.quiet_ctrl_c()  # Ctrl-C during the imports below

from collections.abc import Sequence

from imageshelf.cli.output import checked


@checked("imageshelf")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb; return the exit status.

    0, 1 after a sentence on stderr, over 128 when stopped.
    """
    from imageshelf.cli.verb_table import parse_args
    from imageshelf.system import terminal
    from imageshelf.system.sentences import SentenceError
    from imageshelf.system.signals import stop_at_once
    from imageshelf.system.words import shown

    options = parse_args(argv)
    terminal.tolerate_any_name()
    if warning := process.pillow_warning():
        print(f"imageshelf: {warning}", file=sys.stderr)
    try:
        process.restore_ctrl_c()  # from here on there may be something to tidy up
        with stop_at_once() if options.changes_nothing else nullcontext():
            status: int = options.verb(options)
    except KeyboardInterrupt as stopped:
        return getattr(stopped, "exit_status", 130)
    except SentenceError as problem:
        print(f"imageshelf: {shown(str(problem))}", file=sys.stderr)
        return 1
    return status


def console() -> None:
    """Run as the installed command, ready for Ctrl-C and with workers that start meanwhile."""
    process.quiet_ctrl_c()
    process.start_quickly()  # before NumPy is imported
    verb, words = "".join(sys.argv[1:2]), sys.argv[2:]
    if verb == "index":
        from imageshelf.workers import starting

        starting.start_early(starting.WORK_MODULE, starting.likely_jobs(words))
    elif verb == "search":
        from imageshelf.cli import early_worker

        early_worker.start_for(words)
    raise SystemExit(main())


if __name__ == "__main__":
    console()
