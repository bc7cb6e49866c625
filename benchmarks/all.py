"""Every ratio that docs/performance.md holds, in one run: `python -m benchmarks.all [--quick]`.

Each benchmark runs in a process of its own, one after the other, and prints as it does alone; at the end stand all ratios with
the load of the machine before and after. `--quick` takes about ten minutes on two idle cores; without it medians are taken
over more turns. Quote the ratios, never the times: compare two commits by running both in the same hour.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import answers, engine, queue

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = {"engine": engine, "queue": queue, "answers": answers}
QUICK = {
    "engine": ["--spill"],
    "queue": [],
    "answers": ["--connections", "8", "--requests", "2000", "--repetitions", "3"],
}
WHOLE = {
    "engine": ["--spill", "--repetitions", "3"],
    "queue": ["--runs", "400"],
    "answers": ["--connections", "1", "8", "16"],
}


def measured(name: str, arguments: list[str]) -> dict[str, float]:
    """The ratios of one benchmark; what it prints goes to the screen."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "benchmarks.all", "--one", name, "--to", str(writing), *arguments]
    child = subprocess.Popen(command, cwd=ROOT, pass_fds=[writing])  # noqa: S603  ourselves
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    if child.wait():
        sys.exit(f"The benchmark {name} failed; its message stands above.")
    ratios: dict[str, float] = json.loads(text)
    return ratios


def machine() -> str:
    return f"load {' '.join(f'{load:.2f}' for load in os.getloadavg())} on {len(os.sched_getaffinity(0))} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about ten minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the ratios there")
    parser.add_argument("--one", choices=BENCHMARKS, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=int, help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.one:
        benchmark = BENCHMARKS[options.one]
        ratios = benchmark.run(benchmark.parse(rest))
        with os.fdopen(options.to, "w") as pipe:
            json.dump(ratios, pipe)
        return
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    began, before = time.monotonic(), machine()
    found: dict[str, float] = {}
    for name, arguments in (QUICK if options.quick else WHOLE).items():
        print(f"\n== {name}, {machine()}", flush=True)
        found |= {f"{name}: {ratio}": value for ratio, value in measured(name, arguments).items()}
    print(f"\n== All ratios, {time.monotonic() - began:.0f} s; {before} before, {machine()} after")
    for ratio, value in found.items():
        print(f"  {value:8.2f}  {ratio}")
    if options.json:
        options.json.write_text(json.dumps({"before": before, "after": machine(), "ratios": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
