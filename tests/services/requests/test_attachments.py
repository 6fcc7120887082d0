"""Files of requests over HTTP: added, listed, downloaded, removed; by whom, and seen by whom."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from werkzeug.test import TestResponse

from deploy.local.servers import free_port
from services.requests.documents import AUDITED, AssistanceRequest
from shared.attachments import keeping, telling
from shared.attachments.blueprint import CLAMD, MAX_BYTES
from shared.attachments.documents import AttachedBytes, Attachment
from shared.attachments.scanning import ScannerAway
from shared.events.auditing import Auditor, compare
from shared.events.envelope import check
from shared.events.trail import entries_of, verify
from shared.lifecycle import FILING
from shared.registers.filed import files_of
from shared.web.database import current_database
from tests.services.requests.conftest import Caller
from tests.services.requests.test_visibility import READERS, SIGHT, match, on_matches
from tests.shared.attachments import files
from tests.shared.attachments.clamd import VIRUS, scanner

GOING = threading.Event()
ARABIC = "خطة العمل الوطنية.pdf"


@dataclass
class Files:
    """The files of one request, for one caller."""

    caller: Caller
    address: str

    def add(
        self, content: bytes = files.PDF, name: str | None = "plan.pdf", **options: Any
    ) -> TestResponse:
        """Attach a file."""
        headers = dict(self.caller.headers)
        if name is not None:
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        headers.update(options.pop("headers", {}))
        options.setdefault("content_type", "application/octet-stream")
        return self.caller.client.post(self.address, data=content, headers=headers, **options)

    def list(self) -> list[dict[str, Any]]:
        """What is listed."""
        answer = self.caller.get(self.address)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json["items"]
        return found

    def file(self, id_: str) -> TestResponse:
        """Download one."""
        return self.caller.get(f"{self.address}/{id_}/file")

    def remove(self, id_: str, etag: str | None) -> TestResponse:
        """Remove one."""
        headers = dict(self.caller.headers) | ({"If-Match": etag} if etag else {})
        return self.caller.client.delete(f"{self.address}/{id_}", headers=headers)


@pytest.fixture(autouse=True)
def no_attachments(client: Any) -> None:
    for kind in (Attachment, AttachedBytes):
        kind.objects.delete()


@pytest.fixture
def of(caller: Callable[..., Caller]) -> Callable[..., Files]:
    """Makes the files of a request for a reader of READERS."""

    def make(made: TestResponse, name: str = "owner") -> Files:
        role, claims = READERS[name]
        return Files(caller(role, **claims), f"/v1/requests/{made.json['id']}/attachments")

    return make


@pytest.fixture
def configured(client: Any) -> Iterator[dict[str, Any]]:
    """The app's configuration, put back afterwards."""
    config = client.application.config
    before = {name: config[name] for name in (CLAMD, MAX_BYTES)}
    yield config
    config.update(before)


def refused(answer: TestResponse) -> tuple[int, str, str]:
    """Status of a refusal, the field that it names, and why."""
    (error,) = answer.json["errors"]
    return answer.status_code, error["field"], error["code"]


def code(answer: TestResponse) -> tuple[int, str]:
    """Status and problem of a refusal."""
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def test_a_file_comes_back_as_it_went(record: Any, of: Any) -> None:
    mine = of(record())
    added = mine.add()
    assert (added.status_code, added.headers["ETag"]) == (201, '"1.1"')
    shown = added.json
    assert (shown["name"], shown["media_type"], shown["size"]) == (
        *("plan.pdf", "application/pdf"),
        len(files.PDF),
    )
    assert shown["sha256"] == hashlib.sha256(files.PDF).hexdigest()
    assert (shown["scan"], shown["added_by"]) == (
        "not-scanned",
        {"role": "requester", "party": "SEN"},
    )
    assert mine.caller.get(added.headers["Location"]).json == shown
    assert mine.list() == [shown]
    answer = mine.file(shown["id"])
    assert answer.data == files.PDF
    assert answer.headers["Content-Disposition"] == "attachment; filename=plan.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(
    "header",
    [
        f'attachment; filename="{ARABIC}"'.encode().decode("latin-1"),
        "attachment; filename=x.pdf; filename*=UTF-8''"
        + "".join(f"%{byte:02X}" for byte in ARABIC.encode()),
    ],
)
def test_names_in_any_script(record: Any, of: Any, header: str) -> None:
    mine = of(record())
    added = mine.add(name=None, headers={"Content-Disposition": header})
    assert added.json["name"] == ARABIC
    told = mine.file(added.json["id"]).headers["Content-Disposition"]
    plain, star, extended = told.partition("; filename*=UTF-8''")
    assert plain.startswith("attachment; filename=")
    assert unquote(extended) == ARABIC
    assert (star != "", told.isascii()) == (True, True)


def test_text_is_never_a_page(record: Any, of: Any) -> None:
    mine = of(record())
    page = b"<html><script>alert(1)</script></html>"
    answer = mine.file(mine.add(page, "page.txt").json["id"])
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    old = mine.add("Dépôt".encode("cp1252"), "old.csv").json["id"]
    assert mine.file(old).headers["Content-Type"] == "text/csv"


def test_what_is_refused(record: Any, of: Any, configured: dict[str, Any]) -> None:
    mine = of(record())
    assert refused(mine.add(name=None)) == (422, "name", "required")
    assert refused(mine.add(name="../plan.pdf")) == (422, "name", "path")
    assert refused(mine.add(name="plan.exe")) == (422, "name", "type")
    assert refused(mine.add(b"MZ\x00\x01")) == (422, "file", "type")
    assert refused(mine.add(b"")) == (422, "file", "required")
    assert refused(mine.add(query_string={"visibility": "nobody"})) == (
        *(422, "visibility", "invalid"),
    )
    assert code(mine.add(content_type="text/html")) == (415, "unsupported-media-type")
    configured[MAX_BYTES] = 100
    assert mine.add(files.PDF + b"x" * (100 - len(files.PDF))).status_code == 201
    assert code(mine.add(files.PDF + b"x" * 100)) == (413, "body-too-large")
    assert len(mine.list()) == 1


def test_bytes_that_were_deleted_while_they_came_are_kept_all_the_same(
    record: Any, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a worker whose clock is ahead: to it they have been nobody's for long."""
    made = keeping.create

    def creating(attachment: Any, now: Any) -> Any:
        AttachedBytes.objects(id=attachment.id).delete()
        return made(attachment, now)

    monkeypatch.setattr(keeping, "create", creating)
    mine = of(record())
    assert mine.file(mine.add().json["id"]).data == files.PDF
    keeping.sweep("", datetime.now(UTC) + timedelta(days=2), threading.Event())
    assert mine.file(mine.list()[0]["id"]).data == files.PDF


def test_sent_twice_it_is_there_once(record: Any, of: Any) -> None:
    mine = of(record())
    first, second = mine.add(), mine.add()
    assert (second.status_code, second.json) == (200, first.json)
    assert mine.add(name="other.pdf").status_code == 201
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: mine.add(files.PNG, "a.png"), range(4)))
    assert len({one.json["id"] for one in answers}) == 1
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert len(mine.list()) == 3


def test_so_many_and_no_more(record: Any, of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 3)
    mine = of(record())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: mine.add(name=f"{n}.pdf"), range(6)))
    assert len(mine.list()) <= 3
    while len(mine.list()) < 3:
        mine.add(name=f"more {len(mine.list())}.pdf")
    assert code(mine.add(name="last.pdf")) == (409, "full")
    one = mine.list()[0]
    assert mine.remove(one["id"], f'"{one["version"]}"').status_code == 204
    assert mine.add(name="last.pdf").status_code == 201


def test_removed_its_bytes_are_gone_and_the_trail_tells(record: Any, of: Any) -> None:
    made = record()
    mine = of(made)
    added = mine.add()
    id_, etag = added.json["id"], added.headers["ETag"]
    assert mine.remove(id_, None).status_code == 428
    assert mine.remove(id_, '"1.7"').status_code == 412
    assert mine.remove(id_, etag).status_code == 204
    assert mine.list() == []
    assert code(mine.file(id_)) == (404, "not-found")
    assert code(mine.remove(id_, etag)) == (404, "not-found")
    assert AttachedBytes.objects.count() == 0
    # Attached again, it is another file.
    again = mine.add()
    assert (again.status_code, again.json["id"] != id_) == (201, True)
    assert mine.file(again.json["id"]).data == files.PDF
    auditor = Auditor("requests", AUDITED, current_database)
    auditor.prepare()
    while auditor.take_over():
        pass
    database, digest = current_database(), added.json["sha256"]
    told = [
        (one["action"], one["target"], one["reason"], one["role"])
        for one in entries_of(database, made.json["id"], 0, 50, "step")
        if one["of"] == "attachments"
    ]
    assert told == [
        ("attach", "kept", digest, "requester"),
        ("remove", "removed", digest, "requester"),
        ("attach", "kept", digest, "requester"),
    ]
    shown = mine.caller.get(f"/v1/audit/{made.json['id']}").json["items"]
    assert [one["action"] for one in shown if one["reason"] == digest] == [
        *("attach", "remove", "attach")
    ]
    assert verify(database, "requests")[1] == []
    assert list(compare(database, AUDITED)) == []
    assert Attachment.objects.get(id=id_).name == "plan.pdf"


def filed(made: TestResponse) -> list[tuple[str, str, str | None]]:
    """What the request's event tells of files: action, role and code."""
    request = AssistanceRequest.objects.get(id=made.json["id"])
    told = request.event()
    check(told)
    assert "plan.pdf" not in json.dumps(told.data)
    steps = told.data["history"]
    return [(s["action"], s["role"], s["reason"]) for s in steps if s["action"] in FILING]


def test_files_are_told_once_in_the_history_of_what_was_submitted(
    record: Any, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, now = record("circulated"), datetime.now(UTC)
    mine = of(made)
    added = mine.add()
    narrow = mine.add(name="narrow plan.pdf", query_string={"visibility": "coordinators"}).json
    assert mine.add().status_code == 200
    came = [
        ("attach", "requester", f"file-{added.json['id']}"),
        ("attach", "requester", f"file-coordinators-{narrow['id']}"),
    ]
    assert filed(made) == came
    # The process dies before the removal is told: the worker tells it, once.
    with monkeypatch.context() as broken:
        broken.setattr(telling, "change", _die)
        gone = of(made, "operator").remove(added.json["id"], added.headers["ETag"])
        assert gone.status_code == 500
    assert filed(made) == came
    for settled in (1, 0):
        assert telling.tell_waiting(files_of(AssistanceRequest), "", now) == settled
        assert filed(made) == [*came, ("detach", "operator", came[0][2])]
    address = mine.address.removesuffix("/attachments")
    for name in ("owner", "coordinator", "donor"):
        shown = of(made, name).caller.get(address).json["history"]
        assert not {one["action"] for one in shown} & {*FILING}, name
    assert AssistanceRequest.objects.get(id=made.json["id"]).status == "circulated"


def test_of_a_draft_s_files_and_of_what_is_over_nobody_is_told(record: Any, of: Any) -> None:
    draft = record()
    mine = of(draft)
    added = mine.add()
    steps = [one.action for one in AssistanceRequest.objects.get(id=draft.json["id"]).history]
    assert not {*steps} & {*FILING}
    assert Attachment.objects.get(id=added.json["id"]).untold_since is None
    closed = record("circulated")
    id_ = of(closed).add()
    AssistanceRequest.objects(id=closed.json["id"]).update(set__status="closed")
    assert of(closed).remove(id_.json["id"], id_.headers["ETag"]).status_code == 204
    assert [one[0] for one in filed(closed)] == ["attach"]
    assert Attachment.objects(untold_since__exists=True, untold_since__ne=None).count() == 0


def test_a_file_that_was_told_of_and_refused_later_is_told_to_be_gone(record: Any, of: Any) -> None:
    made = record("circulated")
    bad = of(made).add(files.PDF + VIRUS, "bad plan.pdf").json["id"]
    with scanner() as address:
        keeping.sweep(address, datetime.now(UTC), GOING)
    telling.tell_waiting(files_of(AssistanceRequest), "", datetime.now(UTC))
    gone = [("attach", "requester", f"file-{bad}"), ("detach", "register", f"file-{bad}")]
    assert filed(made) == gone


@pytest.mark.parametrize("level", ["public", "restricted", "parties", "coordinators"])
def test_files_are_seen_by_who_sees_the_request(record: Any, of: Any, level: str) -> None:
    made = record("circulated", confidentiality=level)
    on_matches([match(made.json["id"])])
    mine = of(made)
    added = mine.add().json
    narrow = mine.add(name="narrow.pdf", query_string={"visibility": "coordinators"}).json
    for name, sight in SIGHT.items():
        theirs = of(made, name)
        if level not in sight.levels():
            assert code(theirs.caller.get(theirs.address)) == (404, "not-found"), name
            assert code(theirs.file(added["id"])) == (404, "not-found"), name
            continue
        seen = {one["id"] for one in theirs.list()}
        sees_all = "coordinators" in sight.levels()
        assert seen == ({added["id"], narrow["id"]} if sees_all else {added["id"]}), name
        assert theirs.file(added["id"]).status_code == 200, name
        assert theirs.file(narrow["id"]).status_code == (200 if sees_all else 404), name


def test_a_file_of_another_request_is_not_there(record: Any, of: Any) -> None:
    secret, own = record("circulated", confidentiality="coordinators"), record("circulated")
    id_ = of(secret).add().json["id"]
    assert code(of(own, "donor").file(id_)) == (404, "not-found")
    assert code(of(own).remove(id_, '"1.1"')) == (404, "not-found")


def test_only_its_owner_adds_and_removes(record: Any, of: Any) -> None:
    made = record("circulated", confidentiality="public")
    added = of(made).add()
    for name in READERS:
        if name in ("owner", "operator"):
            continue
        theirs = of(made, name)
        assert code(theirs.add(name="theirs.pdf")) == (403, "forbidden"), name
        assert code(theirs.remove(added.json["id"], added.headers["ETag"])) == (403, "forbidden")
        assert [one["may_remove"] for one in theirs.list()] == [False]
    assert of(made, "operator").add(name="theirs.pdf").status_code == 201
    closed = record("closed")
    assert code(of(closed).add()) == (409, "finished")


def test_reads_of_confidential_files_are_on_record(record: Any, of: Any) -> None:
    made = record("circulated")
    mine = of(made)
    plain = mine.add().json["id"]
    narrow = mine.add(name="narrow.pdf", query_string={"visibility": "parties"}).json["id"]
    current_database()["audit_reads"].delete_many({})
    on_matches([match(made.json["id"])])
    of(made, "donor").file(plain)
    of(made, "donor").list()
    of(made, "party").file(narrow)
    notes = list(current_database()["audit_reads"].find({}))
    assert [(one["record"], one["party"]) for one in notes] == [(made.json["id"], "org-2")]


def test_with_a_scanner(record: Any, of: Any, configured: dict[str, Any]) -> None:
    mine = of(record())
    with scanner() as address:
        configured[CLAMD] = address
        assert mine.add(name="clean.pdf").json["scan"] == "clean"
        assert refused(mine.add(files.PDF + VIRUS)) == (422, "file", "infected")
        assert len(mine.list()) == 1
        assert AttachedBytes.objects.count() == 1


def test_while_the_scanner_is_away_files_wait(
    record: Any, of: Any, configured: dict[str, Any]
) -> None:
    now = datetime.now(UTC)
    mine = of(record())
    before = mine.add(name="before.pdf").json["id"]  # from when there was none
    configured[CLAMD] = f"127.0.0.1:{free_port()}"
    good = mine.add(name="good.pdf").json
    bad = mine.add(files.PDF + VIRUS, "bad.pdf").json
    assert {one["scan"] for one in mine.list()} == {"waiting"}
    for id_ in (before, good["id"], bad["id"]):
        answer = mine.file(id_)
        assert code(answer) == (409, "not-yet-scanned")
        assert "Retry-After" in answer.headers
    keeping.sweep(configured[CLAMD], now, GOING)
    assert {one["scan"] for one in mine.list()} == {"waiting"}
    with scanner() as address:
        configured[CLAMD] = address
        keeping.sweep(address, now, GOING)
        keeping.sweep(address, now, GOING)
        assert [(one["name"], one["scan"]) for one in mine.list()] == [
            ("before.pdf", "clean"),
            ("good.pdf", "clean"),
        ]
    assert mine.file(good["id"]).data == files.PDF
    assert code(mine.file(bad["id"])) == (404, "not-found")
    kept = Attachment.objects.get(id=bad["id"])
    assert (kept.status, kept.scanned, kept.history[-1].action) == ("refused", "infected", "refuse")
    assert AttachedBytes.objects(id=bad["id"]).count() == 0


def test_what_the_scanner_cannot_scan_holds_no_other_up(
    record: Any, of: Any, configured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = of(record())
    configured[MAX_BYTES] = 2_000_000
    large = mine.add(files.PDF + bytes(1_000_001), "large.pdf").json["id"]
    small = mine.add(name="small.pdf").json["id"]
    monkeypatch.setattr(keeping, "_BATCH", 1)
    with scanner() as address:
        configured[CLAMD] = address
        for minute in range(3):
            keeping.sweep(address, datetime.now(UTC) + timedelta(minutes=minute), GOING)
        assert {one["id"]: one["scan"] for one in mine.list()} == {large: "waiting", small: "clean"}


def test_a_scanner_that_is_away_is_asked_once_a_round(
    record: Any, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away(address: str, _content: bytes) -> bool:
        asked.append(address)
        raise ScannerAway("ConnectionRefusedError")

    mine = of(record())
    for number in range(3):
        mine.add(name=f"{number}.pdf")
    monkeypatch.setattr(keeping, "infected", away)
    keeping.sweep("127.0.0.1:1", datetime.now(UTC), GOING)
    assert len(asked) == 1


def test_told_to_stop_it_scans_no_other_file(
    record: Any, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, stop, asked = of(record()), threading.Event(), []

    def slow(_address: str, content: bytes) -> bool:
        asked.append(content)
        stop.set()
        return False

    for number in range(3):
        mine.add(name=f"{number}.pdf")
    monkeypatch.setattr(keeping, "infected", slow)
    keeping.sweep("127.0.0.1:1", datetime.now(UTC), stop)
    assert len(asked) == 1
    assert [one["scan"] for one in mine.list()].count("clean") == 1


def test_a_virus_is_deleted_though_a_crash_comes_first(
    record: Any, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    bad = of(record()).add(files.PDF + VIRUS, "bad.pdf").json["id"]
    with scanner() as address, monkeypatch.context() as patch:
        patch.setattr(keeping, "log", SimpleNamespace(error=_die))
        with pytest.raises(ConnectionError):
            keeping.sweep(address, now, GOING)
    assert Attachment.objects.get(id=bad).status == "refused"
    assert AttachedBytes.objects(id=bad).count() == 1
    keeping.sweep("", now + timedelta(hours=2), GOING)
    assert AttachedBytes.objects(id=bad).count() == 0


def _die(*_: Any, **__: Any) -> None:
    raise ConnectionError("killed")


def test_what_was_removed_while_it_was_sent_again_is_attached_again(
    record: Any, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another window attaches and removes a file just after this one has looked for it."""
    mine = of(record())
    write = keeping._write_bytes

    def other_window(id_: str, content: bytes, now: datetime) -> None:
        monkeypatch.setattr(keeping, "_write_bytes", write)
        first = mine.add().json
        assert mine.remove(first["id"], f'"{first["version"]}"').status_code == 204
        write(id_, content, now)

    monkeypatch.setattr(keeping, "_write_bytes", other_window)
    added = mine.add()
    assert [one["id"] for one in mine.list()] == [added.json["id"]]
    assert mine.file(added.json["id"]).data == files.PDF


def test_nobody_fills_the_store_by_attaching_and_removing(
    record: Any, of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_EVER", 3)
    mine = of(record())
    for number in range(3):
        added = mine.add(name=f"{number}.pdf").json
        assert mine.remove(added["id"], f'"{added["version"]}"').status_code == 204
    assert code(mine.add(name="more.pdf")) == (409, "full")
    assert Attachment.objects(audited_under=added["record"]).count() == 3


def test_what_a_crash_left_is_tidied(record: Any, of: Any) -> None:
    now = datetime.now(UTC)
    mine = of(record())
    kept = mine.add().json["id"]
    collection = AttachedBytes._get_collection()
    # One died before its attachment was there, one after that, one while it was removed.
    collection.insert_one({"_id": "nobody's", "content": b"x", "unclaimed_since": now})
    collection.update_one({"_id": kept}, {"$set": {"unclaimed_since": now}})
    keeping.sweep("", now + timedelta(minutes=30), GOING)
    assert AttachedBytes.objects.count() == 2
    keeping.sweep("", now + timedelta(hours=2), GOING)
    assert [one.id for one in AttachedBytes.objects] == [kept]
    assert AttachedBytes.objects.get().unclaimed_since is None
    assert mine.file(kept).data == files.PDF
