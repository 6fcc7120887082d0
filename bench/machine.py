"""What the machine can do at most, and what a process takes of it."""

import contextlib
import ctypes
import gc
import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

FLOOR_BYTES = 16
"""What has to be read of a record at least to tell whether it is one to look at: whom it is for
(8 bytes), its themes (4) and its window (4)."""

_BANDWIDTH_BYTES = 128 * 2**20


def one_thread() -> None:
    """Make this process's children use one thread for sums and products."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ[f"{name}_NUM_THREADS"] = "1"


def resident() -> int:
    """Bytes of this process in memory, after giving back what it does not need."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # elsewhere than in glibc it may still count
        ctypes.CDLL(None).malloc_trim(0)
    return held_by("self")


def held_by(process: int | str) -> int:
    """Bytes of a process in memory; raises OSError where there is none such (any more)."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def family(process: int) -> Iterator[int]:
    """The process and all that descend from it, as far as they live."""
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text(encoding="ascii").split():
                yield from family(int(child))


def bandwidths() -> tuple[float, float]:
    """Bytes a second of reading (a sum) and of copying (read and written), on one thread."""
    source = np.ones(_BANDWIDTH_BYTES // 8)
    target = np.empty_like(source)
    read = _fastest(lambda: source.sum(), 5)
    copied = _fastest(lambda: np.copyto(target, source), 5)
    return source.nbytes / read, 2 * source.nbytes / copied


def floor(records: int, times: int = 30) -> float:
    """Seconds of work to read the least there is of so many records once: the median of tries."""
    least = np.ones(records * FLOOR_BYTES // 8, dtype=np.uint64)
    taken = []
    for _ in range(times):
        begun = time.process_time()
        least.sum()
        taken.append(time.process_time() - begun)
    return float(np.median(taken))


def facts() -> dict[str, str]:
    """The machine and what runs on it, in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": f"{platform.machine()}, {cores} cores, {_processor()}",
        "Python": platform.python_version(),
        "NumPy": np.__version__,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def _fastest(work: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best
