"""Where the time of pages goes: what each program of a stack spent, as the programs count it."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from bench.machine import family
from deploy.local.stack import SERVICES, DataDirectory, Ports

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_COUNTED = re.compile(
    r'entraide_http_request_seconds_(sum|count)\{.*?route="([^"]+)",service="([^"]+)".*\} (\S+)'
)


@dataclass(frozen=True)
class Spent:
    """Seconds of the processor by program; number and seconds of calls by service and route."""

    processor: Mapping[str, float]
    calls: Mapping[tuple[str, str], tuple[float, float]]


def spent(ports: Ports, directory: DataDirectory) -> Spent:
    """All that a running stack spent so far."""
    calls: dict[tuple[str, str], tuple[float, float]] = {}
    for service in SERVICES:
        text = requests.get(f"{ports.url(service)}/metrics", timeout=30).text
        for what, route, name, value in _COUNTED.findall(text):
            if route.startswith("/v1"):
                count, seconds = calls.get((name, route), (0.0, 0.0))
                added = float(value)
                both = (count + added, seconds) if what == "count" else (count, seconds + added)
                calls[name, route] = both
    programs = json.loads(directory.description.read_text())["processes"]
    processor = {name: sum(map(_seconds, family(int(pid)))) for name, pid in programs.items()}
    return Spent(processor, calls)


def told(before: Spent, after: Spent, pages: int) -> str:
    """What each page took of it, in ms: by program, then by call with how often it was made."""
    by_program = [
        f"{name} {(seconds - before.processor[name]) / pages * 1000:.0f}"
        for name, seconds in after.processor.items()
        if seconds > before.processor[name]
    ]
    by_call = []
    for key, (count, seconds) in sorted(after.calls.items()):
        made = count - before.calls.get(key, (0.0, 0.0))[0]
        took = seconds - before.calls.get(key, (0.0, 0.0))[1]
        if made:
            by_call.append(f"{key[0]} {key[1]} {made / pages:.1f}×{took / made * 1000:.0f}")
    return f"{', '.join(by_program)} | {', '.join(by_call)}"


def _seconds(process: int) -> float:
    stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / _TICKS
