"""Sending the activities of an IATI file of any size, a small file at a time.

The file is read to its end first: of one that breaks nothing is sent. Then it is cut between
activities, and of each only what the register reads is sent. So memory stays bounded and a slow
line carries little; what was sent stays, and sending it again does nothing twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Final, Literal, get_args
from xml.etree.ElementTree import tostring

from deploy.cli.client import Client
from entraide.client import File
from entraide.client.records.offers import ImportedView, ImportReportView
from services.offers.iati.faults import Fault, Refusal
from services.offers.iati.identifiers import Identifiers, refusal_of
from services.offers.iati.reading import ROOT, VERSIONS, check_file, read_activities

MOST_NOTES = 200
PART_BYTES = 128 * 1024
PART_ACTIVITIES = 50

_Outcome = Literal["created", "changed", "unchanged", "outside", "refused"]
_COUNTED: Final[tuple[_Outcome, ...]] = get_args(_Outcome)
_PATH = "/v1/activities/import"
_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<{ROOT} version="{VERSIONS[-1]}">\n'.encode()
_TAIL = f"</{ROOT}>\n".encode()


@dataclass(frozen=True)
class Part:
    """A small file: its bytes, its activities' numbers in the whole file, and what was read of it.

    `refusals` are of activities that are not worth sending; `read` counts bytes of the whole file
    since the part before.
    """

    content: bytes
    numbers: tuple[int, ...]
    refusals: tuple[Refusal, ...]
    read: int


@dataclass
class Summary:
    """What became of a file; `counts` by outcome as the API names them."""

    counts: Counter[str] = field(default_factory=Counter)
    activities: list[ImportedView] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: dict[tuple[int, str], str] = field(default_factory=dict)
    """What was left open or out of those that are taken: identifiers by number and note, at most
    MOST_NOTES; `more_notes` counts what there is besides."""
    more_notes: int = 0

    def note(self, number: int, note: str, identifier: str) -> None:
        """Keep a note, once for all countries of an activity."""
        if (number, note) in self.notes or len(self.notes) < MOST_NOTES:
            self.notes[number, note] = identifier
        else:
            self.more_notes += 1

    @property
    def whole(self) -> bool:
        """Whether nothing of the file was refused."""
        return self.counts["refused"] == 0


@contextmanager
def readable_twice(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file, or a temporary copy of what comes through a pipe."""
    if file.seekable():
        yield file
        return
    with TemporaryFile() as copy:
        copyfileobj(file, copy)
        copy.seek(0)
        yield copy


def import_iati(
    file: IO[bytes],
    client: Client,
    organisation: str | None,
    *,
    preview: bool,
    checked: Callable[[int], object] = lambda _: None,
    advance: Callable[[int], object] = lambda _: None,
) -> Summary:
    """Send the file; `checked` is told how many more bytes of it are read and found whole, then
    `advance` how many are done with.

    In a preview the summary has the records that would be. Raises FileError, before anything is
    sent, where the file cannot be read to its end; ProblemError and UnreachableError as the client
    does.
    """
    check_file(file, advance=checked)
    summary = Summary()
    for part in parts(file):
        _send(part, client, organisation, preview, summary)
        advance(part.read)
    summary.refusals.sort(key=lambda refusal: refusal.number)
    return summary


def parts(file: IO[bytes]) -> Iterator[Part]:
    """The file in parts of at most 50 activities and about 128 KiB; raises FileError."""
    identifiers, read = Identifiers(), _Counted()
    waiting = _Waiting()
    for one in read_activities(file, advance=read.add):
        try:
            identifiers.check(one)
        except Fault as fault:
            waiting.refusals.append(refusal_of(one, fault))
            continue
        if one.element is not None:
            waiting.add(one.number, tostring(one.element, encoding="unicode").encode())
        if waiting.full():
            yield waiting.part(read.taken())
            waiting = _Waiting()
    if waiting.numbers or waiting.refusals:
        yield waiting.part(read.taken())


class _Counted:
    def __init__(self) -> None:
        self._count = 0

    def add(self, more: int) -> None:
        self._count += more

    def taken(self) -> int:
        count, self._count = self._count, 0
        return count


@dataclass
class _Waiting:
    numbers: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    content: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, number: int, activity: bytes) -> None:
        self.numbers.append(number)
        self.content.append(activity + b"\n")
        self.size += len(activity)

    def full(self) -> bool:
        return self.size >= PART_BYTES or len(self.numbers) >= PART_ACTIVITIES

    def part(self, read: int) -> Part:
        content = b"".join((_HEAD, *self.content, _TAIL)) if self.numbers else b""
        return Part(content, tuple(self.numbers), tuple(self.refusals), read)


def _send(
    part: Part, client: Client, organisation: str | None, preview: bool, summary: Summary
) -> None:
    summary.counts["read"] += len(part.numbers) + len(part.refusals)
    summary.counts["refused"] += len(part.refusals)
    summary.refusals += part.refusals
    if not part.numbers:
        return
    query = {"organisation": organisation, "preview": "true" if preview else None}
    content = File(part.content, "application/xml")
    answer = client.post_file("offers", _PATH, content, **query).of(ImportReportView)
    for name in _COUNTED:
        summary.counts[name] += answer[name]
    for refused in answer["refusals"]:
        number = part.numbers[refused["number"] - 1]
        why = refused["field"], refused["code"], refused["message"], refused["country"]
        summary.refusals.append(Refusal(number, refused["identifier"], *why))
    for told in answer["activities"]:
        for note in told["notes"]:
            summary.note(part.numbers[told["number"] - 1], note, told["identifier"])
    if preview:
        summary.activities += answer["activities"]
