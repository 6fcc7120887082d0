"""Every parser of what comes from outside, as a plain function of bytes.

A target gets any bytes whatever. It returns for what it read and for what it refused in the way
that its docstring promises; every other exception is a fault. Hypothesis drives them in
`test_parsers.py`, atheris where it is installed in `run.py`.
"""

import base64
import io
import json
import socket
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

from xlsxwriter import Workbook

from deploy.backup import manifest as backup
from deploy.cli.goldformat import FILES, GoldSetError, RowError
from deploy.cli.goldformat import read_rows as read_gold_rows
from services.offers.iati.faults import FileError
from services.offers.iati.reading import read_activities
from services.offers.iati.understanding import Understanding
from services.portal.sheets.faults import SheetError
from services.portal.sheets.reading import read_sheet
from services.portal.sheets.requests_table import REQUESTS, request_bodies
from services.portal.sheets.rows import read_rows
from services.portal.sheets.tables import ACTIVITIES, OFFERS
from services.portal.sheets.values import UnclearError, read_day, read_number
from services.portal.webhook_targets import TargetRefusedError, check_target
from shared.attachments.kinds import media_type
from shared.attachments.names import checked_name
from shared.events import validation
from shared.events.envelope import Event, InvalidEvent, decode, encode
from shared.events.versions import Version
from shared.language.detect import detect
from shared.language.exclusions import excluded_spans
from shared.language.facts import find_facts
from shared.vocabulary import LANGUAGES
from shared.web.bodies import parse_json
from shared.web.key_sets import read_key_set
from shared.web.paging import DEFAULT_SORT, read_cursor, write_cursor
from shared.web.tokens import generate_key, issue_token
from shared.web.verification import TokenChecker
from tests.fuzz import asking
from tests.fuzz.target import SOMEBODY, Target, refused
from tests.services.offers import iati_files

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MOST_XML = 256 * 1024


@dataclass
class Record:
    """A Kafka record."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def _example(type_: str) -> tuple[bytes, bytes | None, list[tuple[str, bytes]]]:
    data = validation.example(type_)
    found = str(data.get("id") or f"shortlist-{data.get('request')}")
    if type_ == "entraide.match.v1":
        found = f"{data['request']}.{data['offer']}"
    event = Event(type_, "/entraide/test", found, NOW, Version(1, 3), data)
    return encode(event)


def event(data: bytes) -> None:
    """A record: key, headers `name: value` and value, each after a line of its own."""
    key, _, rest = data.partition(b"\n")
    head, _, value = rest.partition(b"\n\n")
    headers: list[tuple[str, bytes | None]] = []
    for line in head.split(b"\n"):
        name, _, text = line.partition(b": ")
        headers.append((name.decode("latin-1"), text or None))
    try:
        found = decode(Record(key or None, value or None, headers))
    except InvalidEvent:
        return
    assert decode(_again(found)) == found


def _again(found: Event) -> Record:
    key, value, headers = encode(found)
    return Record(key, value, list(headers))


def _event_seeds() -> tuple[bytes, ...]:
    seeds = []
    for type_ in sorted(validation.TYPES):
        key, value, headers = _example(type_)
        lines = b"\n".join(name.encode() + b": " + text for name, text in headers)
        seeds.append(b"\n".join((key, lines, b"", value or b"")))
    return tuple(seeds)


def iati(data: bytes) -> None:
    """An IATI file, XML or gzip, read and understood."""
    understanding = Understanding()
    try:
        for read in read_activities(io.BytesIO(data), most=MOST_XML):
            understanding.of(read)
    except FileError:
        pass


def spreadsheet(data: bytes) -> None:
    """A file for a donor's offers or activities: .xlsx or CSV."""
    try:
        sheet = read_sheet(data)
        for columns, lines in ((OFFERS, True), (ACTIVITIES, False)):
            for fault in read_rows(sheet, columns, "fr", lines=lines).faults:
                assert fault.sentence("ar")
    except SheetError:
        pass


def workbook(data: bytes) -> None:
    """A file of spreadsheets whose archive is whole, and whose first sheet is these bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_workbook())) as archive, zipfile.ZipFile(packed, "w") as made:
        for part in archive.infolist():
            sheet = part.filename == "xl/worksheets/sheet1.xml"
            made.writestr(part.filename, data if sheet else archive.read(part))
    spreadsheet(packed.getvalue())


def _workbook() -> bytes:
    file = io.BytesIO()
    book = Workbook(file)
    book.add_worksheet().write_row(0, 0, ["reference", "title", "theme", "quantity"])
    book.worksheets()[0].write_row(1, 0, ["r-1", "Machines", "marking", 6])
    book.close()
    return file.getvalue()


def _report() -> bytes:
    told = {
        "reference": "r-1",
        "title": "Machines",
        "description": "Six.",
        "language": "en",
        "theme": "marking",
        "kind": "equipment",
        "quantity": "6",
        "unit": "machines",
        "amount": "1200,50",
        "currency": "USD",
        "priority": "high",
        "received": "Two.",
        "objective": "All rifles marked",
        "indicator": "Share",
        "reached_by": "2027-01-31",
        "from": "2026-10-01",
        "to": "2027-12-31",
        "report": "Report",
        "report_year": "2026",
        "action_plan": "Plan",
        "level": "restricted",
    }
    return f"{';'.join(told)}\n{';'.join(told.values())}\n".encode()


def _sheet_part() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_workbook())) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def national_report(data: bytes) -> None:
    """The spreadsheet of a national report: what is read without fault can be sent."""
    try:
        told = read_rows(read_sheet(data), REQUESTS, "en", lines=True)
    except SheetError:
        return
    for fault in told.faults:
        assert fault.sentence("zh")
    if not told.faults:
        for sent in request_bodies(told.rows, "SEN"):
            json.dumps(sent, allow_nan=False).encode()
            assert sent["country"] == "SEN"


def manifest(data: bytes) -> None:
    """The manifest of a backup."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / backup.NAME).write_bytes(data)
        with suppress(backup.BackupError):
            backup.verify(directory, backup.read(directory))


def cell(data: bytes) -> None:
    """A number or a day in a cell."""
    text = data.decode("utf-8", "replace")
    for language in LANGUAGES:
        with suppress(UnclearError):
            assert read_number(text, language) is not None
    with suppress(UnclearError):
        read_day(text)


def gold(data: bytes) -> None:
    """A file of the gold format, of each of its kinds."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(data)
        file.flush()
        for kind in FILES.values():
            errors: list[RowError] = []
            try:
                for _, name, row in read_gold_rows(Path(file.name), kind, errors):
                    assert name == row["id"]
            except GoldSetError:
                pass
            assert all(str(error) for error in errors)


def cursor(data: bytes) -> None:
    """A cursor of a list."""
    text = data.decode("utf-8", "surrogateescape")
    with refused():
        values = read_cursor(text, DEFAULT_SORT)
        json.dumps(write_cursor(values, DEFAULT_SORT))


def plain_cursor(data: bytes) -> None:
    """A cursor whose base64 is right, whatever it holds."""
    cursor(base64.urlsafe_b64encode(data).rstrip(b"="))


def token(data: bytes) -> None:
    """The Authorization header."""
    with refused():
        found = _CHECKER.check(data.decode("latin-1"))
        assert found == SOMEBODY, "a token that nobody issued was taken"


def body(data: bytes) -> None:
    """A JSON body: what is taken can be stored and answered."""
    with refused():
        json.dumps(parse_json(data), allow_nan=False).encode()


def attachment(data: bytes) -> None:
    """A file of a record: the name before the first line's end, the content after it."""
    name, _, content = data.partition(b"\n")
    with refused():
        media_type(content, checked_name(name.decode("utf-8", "replace")))


def webhook(data: bytes) -> None:
    """A webhook's address: what is taken leads to no private network by its literal address."""
    text = data.decode("latin-1")
    asked: list[str] = []

    def look_up(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        named = host.decode() if isinstance(host, bytes) else str(host)
        try:
            address = str(ip_address(named.partition("%")[0]))
        except ValueError:
            named.encode("idna")
            address = "8.8.8.8"
        asked.append(address)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    with patch("socket.getaddrinfo", look_up):
        try:
            check_target(text)
        except TargetRefusedError:
            return
    assert text.lower().lstrip().startswith("https:"), text
    assert asked, text
    assert all(ip_address(one).is_global for one in asked), asked


def key_set(data: bytes) -> None:
    """A JSON Web Key Set as an issuer publishes it."""
    with suppress(ValueError):
        read_key_set(data)


def words(data: bytes) -> None:
    """What people write: numbers, days, amounts and what is ruled out, in six languages."""
    text = data.decode("utf-8", "replace")[:20_000]
    detect(text, "en")
    for name in LANGUAGES:
        find_facts({"description": text}, name)
        excluded_spans(text, name, "request")


class _OneKey:
    def find(self, key_id: object) -> Any:
        return _KEY if key_id in (None, _PAIR.public["kid"]) else None


def _public_key() -> Any:
    return next(iter(read_key_set(_PAIR.jwks_json()).values()))


_PAIR = generate_key()
_KEY = _public_key()
_CHECKER = TokenChecker(_OneKey(), "entraide", "entraide", lambda: NOW, b"k" * 32)
_TOKEN = issue_token(_PAIR, SOMEBODY, timedelta(minutes=5), NOW)

TARGETS: Mapping[str, Target] = {
    **asking.TARGETS,
    "event": Target(event, _event_seeds()),
    "iati": Target(iati, (iati_files.file(iati_files.activity()),)),
    "spreadsheet": Target(
        spreadsheet,
        (_workbook(), b"reference;title;theme;kind\nr-1;Machines;marking;equipment\n"),
    ),
    "workbook": Target(workbook, (_sheet_part(),)),
    "national report": Target(national_report, (_workbook(), _report())),
    "manifest": Target(
        manifest,
        (
            b'{"format": 1, "made_at": "2026-01-01T00:00:00Z", "services": {}}',
            b'{"format": 1, "made_at": "x", "services": {"offers": {"offer": '
            b'{"documents": 2, "sha256": "00"}}}}',
            b'{"format": 1, "made_at": "x", "services": {"\\u0000": {"offer": '
            b'{"documents": 2, "sha256": "00"}}}}',
        ),
    ),
    "cell": Target(
        cell,
        (b"1 200,50", "١٬٢٠٠".encode(), b"1 October 2026", "2026年10月1日".encode()),
    ),
    "gold": Target(gold, (b'{"id": "r-1", "language": "en", "needs": [{"line": 1}]}\n',)),
    "cursor": Target(cursor, (write_cursor([NOW, "an-id"], DEFAULT_SORT).encode(),)),
    "plain cursor": Target(
        plain_cursor, (b'[["-created_at","id"],[{"ms":1767268800000},"an-id"]]',)
    ),
    "token": Target(token, (b"Bearer " + _TOKEN.encode(), b"bearer a.b.c")),
    "body": Target(body, (b'{"title": "T", "needs": [{"quantity": 1.5e3}], "x": "\\ud83d"}',)),
    "attachment": Target(
        attachment, (b"plan.pdf\n%PDF-1.7", b"sheet.xlsx\n" + _workbook(), b"a.txt\nword")
    ),
    "webhook": Target(
        webhook,
        (
            b"https://example.org/hook",
            b"https://[::1]:443/",
            b"https://0x7f.1/",
            b"https://10.0.0.1",
        ),
    ),
    "key set": Target(key_set, (_PAIR.jwks_json().encode(),)),
    "words": Target(
        words,
        (
            b"Two dot-peen machines by 1 March 2027, USD 120,000; no vehicles.",
            "Необходимы двадцать пять сейфов до 1 марта 2027 года, но не автомобили.".encode(),
            "نحتاج إلى خمس وعشرين خزانة قبل ١ آذار ٢٠٢٧".encode(),
            "需要二十五台打标机，二〇二七年三月一日之前，不含车辆。".encode(),
        ),
    ),
}
"""By name."""
