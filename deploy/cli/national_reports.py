"""Sending the needs of a national report's spreadsheet to the register of requests, as drafts."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from deploy.cli.client import Client
from entraide.client import ProblemError
from services.portal.held_files import MOST_BYTES
from services.portal.sheets.faults import Fault, SheetError
from services.portal.sheets.limits import too_much
from services.portal.sheets.reading import read_sheet
from services.portal.sheets.requests_table import REQUEST_LIMITS, REQUESTS, request_bodies
from services.portal.sheets.rows import read_rows

_PATH = "/v1/requests"
Bodies = Sequence[Mapping[str, Any]]


class ReportError(Exception):
    """The file has faults; nothing of it may be sent."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass
class Sent:
    """What became of a report's requests: `created`, `known`, `refused` by count; why refused."""

    counts: Counter[str] = field(default_factory=Counter)
    refusals: list[tuple[str, str]] = field(default_factory=list)


def read_report(file: Path, state: str, language: str) -> tuple[Bodies, Sequence[Fault]]:
    """The requests that a file tells, as the register takes them, and what else to know of cells.

    `state` is ISO 3166 alpha-3; numbers such as 1,200 are read as `language` writes them. Raises
    ReportError where anything of it is wrong; a file that is too large is not read at all.
    """
    if file.stat().st_size > MOST_BYTES:
        raise ReportError([Fault("too-many-bytes", "", {"most": MOST_BYTES // 1024**2})])
    try:
        told = read_rows(read_sheet(file.read_bytes()), REQUESTS, language, lines=True)
    except SheetError as error:
        raise ReportError([error.fault]) from None
    if told.faults:
        raise ReportError(told.faults)
    faults = too_much(told.rows, told.cells, request_bodies, state, REQUEST_LIMITS)
    if faults:
        raise ReportError(faults)
    return request_bodies(told.rows, state), told.notes


def send_report(bodies: Bodies, client: Client, advance: Callable[[], object]) -> Sent:
    """Send requests; what is there already stays as it is. `advance` is called after each.

    Raises UnreachableError; what was sent before stays, and sending again makes nothing twice.
    """
    sent = Sent()
    for body in bodies:
        try:
            answer = client.post("requests", _PATH, body)
        except ProblemError as error:
            if error.status == HTTPStatus.CONFLICT:
                sent.counts["known"] += 1
            else:
                sent.counts["refused"] += 1
                told = [f"{name}: {message}" for name, message in error.fields()] or [str(error)]
                sent.refusals.append((body["external_id"]["id"], "; ".join(told)))
        else:
            created = answer.status == HTTPStatus.CREATED
            sent.counts["created" if created else "known"] += 1
        advance()
    return sent
