"""`make fuzz`: many inputs for every parser, and many calls of every service.

Each parser is fuzzed by atheris, guided by what it reaches, where atheris is installed, else by
hypothesis. One that takes more than SECONDS for one input hangs, which is a fault as an exception
is. `--parsers N` and `--calls N` say how many inputs and calls in all; 0: none.
"""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tests.fuzz.mutating import try_inputs
from tests.fuzz.targets import TARGETS, Target

SECONDS = 20
DIRECTORY = Path("build") / "fuzz"


def main() -> int:
    """Fuzz, and say how many inputs were tried; 0 if nothing failed."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--parsers", type=int, default=100_000, help="inputs for all parsers")
    parser.add_argument("--calls", type=int, default=20_000, help="calls of all services")
    options = parser.parse_args()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    share = -(-options.parsers // len(TARGETS))
    failed = [name for name in TARGETS if share and not _fuzz(name, share)]
    print(f"{len(TARGETS)} parsers, {share} inputs for each; failed: {', '.join(failed) or 'none'}")
    return int(bool(failed)) | _call(options.calls)


def _fuzz(name: str, runs: int) -> bool:
    if importlib.util.find_spec("atheris") is None:
        _by_hypothesis(TARGETS[name], runs)
        print(f"{name}: {runs} inputs by hypothesis", flush=True)
        return True
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(runs), str(DIRECTORY)]
    log = DIRECTORY / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False)
    told = log.read_text(encoding="utf-8", errors="replace").splitlines()
    counted = next((line for line in reversed(told) if line.startswith("Done ")), f"see {log}")
    print(f"{name}: {counted} by atheris", flush=True)
    return done.returncode == 0


def _by_hypothesis(target: Target, runs: int) -> None:
    def tried(data: bytes) -> None:
        signal.alarm(SECONDS)
        try:
            target.run(data)
        finally:
            signal.alarm(0)

    signal.signal(signal.SIGALRM, _hangs)
    try_inputs(target, runs, tried)


def _hangs(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {SECONDS} s for one input")


def _call(calls: int) -> int:
    if not calls:
        return 0
    environ = {**os.environ, "ENTRAIDE_FUZZ_CALLS": str(calls)}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-s", "tests/fuzz/test_services.py"]
    return subprocess.run(command, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
