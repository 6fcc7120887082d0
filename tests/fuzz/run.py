"""`make fuzz`: many inputs for every parser, and many calls of every service.

Each parser is fuzzed by atheris, guided by what it reaches, where atheris is installed, else by
hypothesis. One that takes more than SECONDS for one input hangs, which is a fault as an exception
is. `--parsers N` and `--calls N` say how many inputs and calls in all; 0: none. As many run at once
as there are cores, or `--jobs N`.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.fuzz.hanging import at_most
from tests.fuzz.mutating import try_inputs
from tests.fuzz.targets import TARGETS, Target

SECONDS = 20
DIRECTORY = Path("build") / "fuzz"
CALLED = "tests/services/{}/test_matrix.py::test_whatever_is_asked_is_answered_as_it_is_described"
OPERATIONS = 190
"""As many as the services have at least; so many parts of the calls asked for each one gets."""
SERVICES = ("matcher", "requests", "offers", "portal")
"""The one of most operations first."""


def main() -> int:
    """Fuzz, and say how many inputs were tried; 0 if nothing failed."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--parsers", type=int, default=100_000, help="inputs for all parsers")
    parser.add_argument("--calls", type=int, default=20_000, help="calls of all services")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    failed = _parse(options.parsers, options.jobs) if options.parsers else []
    return int(bool(failed)) | _call(options.calls, options.jobs)


def _parse(inputs: int, jobs: int) -> list[str]:
    """Fuzz all parsers; the names of those that failed."""
    share, begun = -(-inputs // len(TARGETS)), time.monotonic()
    tried = dict(_each(share, jobs))
    failed = [name for name, count in tried.items() if count < share]
    print(
        f"{sum(tried.values()):,} inputs for {len(tried)} parsers in "
        f"{(time.monotonic() - begun) / 60:.1f} minutes; failed: {', '.join(failed) or 'none'}"
    )
    return failed


def _each(runs: int, jobs: int) -> Iterator[tuple[str, int]]:
    """Each parser and how many inputs it took; fewer than `runs` where one failed."""
    if importlib.util.find_spec("atheris") is None:
        for name, target in TARGETS.items():
            _by_hypothesis(target, runs)
            print(f"{name}: {runs} inputs by hypothesis", flush=True)
            yield name, runs
        return
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(TARGETS, pool.map(partial(_guided, runs=runs), TARGETS), strict=True)


def _guided(name: str, runs: int) -> int:
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(runs), str(DIRECTORY)]
    log = DIRECTORY / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False)
    told = re.findall(r"^Done ([0-9]+) runs in .*$", log.read_text(errors="replace"), re.M)
    count = int(told[-1]) if told and done.returncode == 0 else 0
    print(f"{name}: {f'{count} inputs by atheris' if count else f'FAILED, see {log}'}", flush=True)
    return count


def _by_hypothesis(target: Target, runs: int) -> None:
    def tried(data: bytes) -> None:
        with at_most(SECONDS):
            target.run(data)

    try_inputs(target, runs, tried)


def _call(calls: int, jobs: int) -> int:
    """Call the services, each by a process of its own; 1 if one failed, else 0."""
    if not calls:
        return 0
    with ThreadPoolExecutor(jobs) as pool:
        codes = list(pool.map(partial(_call_one, calls=calls), SERVICES))
    return int(any(codes))


def _call_one(service: str, calls: int) -> int:
    environ = {**os.environ, "ENTRAIDE_FUZZ_CALLS": str(-(-calls // OPERATIONS))}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-s", CALLED.format(service)]
    log, begun = DIRECTORY / f"service-{service}.log", time.monotonic()
    with log.open("wb") as file:
        done = subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, env=environ, check=False
        )
    said = re.findall(r"^.*[0-9]+ calls of .*$", log.read_text(errors="replace"), re.M)
    told = said[-1] if said else "nothing called"
    failed = f", FAILED, see {log}" if done.returncode else ""
    print(f"{service}: {told} in {(time.monotonic() - begun) / 60:.1f} minutes{failed}", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
