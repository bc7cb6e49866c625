"""Management commands one after the other in one process: Django is loaded once for a start, not once for each command.

The process reads the words of a command as a line of JSON from standard input, and writes its exit status and output as a line
of JSON to standard output. Standard error is that of the process. It ends with its standard input.
"""

import contextlib
import io
import json
import os
import sys
import traceback


def run_one(words: list[str]) -> tuple[int, str]:
    """The exit status and the output of one command."""
    from config.command_line import run  # noqa: PLC0415  while the other side starts servers

    output, status = io.StringIO(), 0
    with contextlib.redirect_stdout(output):
        try:
            run(["manage.py", *words])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                sys.stderr.write(f"{end.code}\n")
        except Exception:
            traceback.print_exc()
            status = 1
    return status, output.getvalue()


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what does not go through `sys.stdout` is no answer
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for line in sys.stdin:
        answers.write(json.dumps(run_one(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
