"""Adding, reading and removing the files of a record, and what the worker does for them.

The bytes are written before the attachment is, marked as unclaimed; a crash in between leaves them
to the worker, which deletes what nobody claims. Sent twice, a file is attached once: its id comes
from the record, the content, the name and the level.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

import structlog
from pymongo.errors import DuplicateKeyError

from shared.attachments.documents import AttachedBytes, Attachment
from shared.attachments.kinds import media_type
from shared.attachments.scanning import NotScanned, ScannerAway, infected
from shared.events.outbox import DuplicateId, NotFound, Transition, Version, change, create
from shared.events.work import put_off
from shared.ids import derived_id
from shared.lifecycle import ATTACHMENT, IllegalTransition
from shared.registers.steps import SERVICE, party_of, subject_of, take_step, take_step_as
from shared.web.identity import Identity
from shared.web.problems import Problem, conflict, invalid_field, not_found
from shared.web.visibility import Sight, narrowest, sees

MOST = 20
"""How many files a record may have."""

MOST_EVER = 500
"""How many a side may have attached to it: of each that was removed, what it was is kept."""

SWEEP_SECONDS = 10.0
_UNCLAIMED = timedelta(hours=1)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_BATCH = 500

Scan = Literal["clean", "not-scanned", "waiting"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Place:
    """A record as the caller has it: `record` is its id, `country` and `organisation` its owner's.

    `level` is who sees the record, `sight` how far the caller sees. `may_remove` tells whether the
    caller may remove one of its files. `tell` tells the record's readers that a file was attached
    or removed, if they are told: it gets the file, where the scanner is, and the time, and is safe
    to repeat.
    """

    record: str
    country: str | None
    organisation: str | None
    level: str
    sight: Sight
    may_remove: Callable[[Attachment], bool]
    tell: Callable[[Attachment, str, datetime], object] | None = None

    def level_of(self, attachment: Attachment) -> str:
        """Who sees a file: those who see both the record and the file."""
        own = attachment.visibility
        return self.level if own is None else narrowest([self.level, own])

    def shows(self, attachment: Attachment) -> bool:
        """Whether the caller sees that the file is there."""
        return attachment.status == "kept" and sees(self.sight, self.level_of(attachment))


def scan_state(attachment: Attachment, clamd: str) -> Scan:
    """What is known of viruses in a file that is kept; `clamd` is the scanner's address, if any."""
    if attachment.scanned == "clean":
        return "clean"
    return "waiting" if clamd else "not-scanned"


def shown(place: Place) -> list[Attachment]:
    """The record's files that the caller sees, the oldest first."""
    found = Attachment.objects(audited_under=place.record, status="kept")
    return [one for one in found.order_by("created_at", "id") if place.shows(one)]


def find(place: Place, id_: str) -> Attachment:
    """One of them; the 404 problem for one that is not there, or not for the caller."""
    found: Attachment | None = Attachment.objects(id=id_, audited_under=place.record).first()
    if found is None or not place.shows(found):
        raise not_found("attachment")
    return found


def attach(
    place: Place,
    content: bytes,
    name: str,
    visibility: str | None,
    identity: Identity,
    now: datetime,
    clamd: str,
) -> tuple[Attachment, bool]:
    """Keep a file of a checked name; whether it is new. One that is there already is returned.

    Raises the 422 problem for content that may not be attached or in which the scanner finds
    something, and the 409 problem for a record that has MOST files.
    """
    kind = media_type(content, name)
    digest = hashlib.sha256(content).hexdigest()
    # Looked at once: of two that attach the same at the same moment both make the same id.
    same = list(
        Attachment.objects(
            audited_under=place.record, sha256=digest, name=name, visibility=visibility
        )
    )
    there = next((one for one in same if one.status == "kept"), None)
    if there is not None:
        return there, False
    _require_room(place, identity, coming=1)
    clean = _scanned_now(clamd, content)
    parts = (place.record, digest, name, visibility or "", str(len(same)))
    attachment = Attachment(
        id=derived_id("attachment", *parts),
        audited_under=place.record,
        country=place.country,
        organisation=place.organisation,
        visibility=visibility,
        status=ATTACHMENT.initial,
        name=name,
        media_type=kind,
        size=len(content),
        sha256=digest,
        scanned="clean" if clean else None,
        unscanned_since=None if clean else now,
        untold_since=None if place.tell is None else now,
        history=[_attaching(identity, digest, now)],
    )
    _write_bytes(attachment.id, content, now)
    try:
        create(attachment, now)
    except DuplicateId:
        earlier: Attachment = Attachment.objects.get(id=attachment.id)
        if earlier.status != "kept":  # attached by another, and removed, since it was looked at
            return attach(place, content, name, visibility, identity, now, clamd)
        return earlier, False
    if not _claim(attachment.id):  # deleted meanwhile by a worker whose clock is ahead
        _write_bytes(attachment.id, content, now)
        _claim(attachment.id)
    try:
        _require_room(place, identity, coming=0)  # others may have added theirs at the same moment
    except Problem:
        remove(place, attachment, attachment.version, identity, now)
        raise
    return attachment, True


def remove(
    place: Place, attachment: Attachment, expected: Version, identity: Identity, now: datetime
) -> Attachment:
    """Remove a file, as seen in version `expected`: its bytes are gone, that it was there stays.

    Returns it as it is then. Raises IllegalTransition and StaleVersion.
    """

    def step(found: Attachment) -> None:
        take_step(ATTACHMENT, found, "remove", identity, now, found.sha256)
        found.unscanned_since = None
        _note_untold(found, now, told=place.tell is not None)

    _unclaim(attachment.id, now)
    removed = change(Attachment, attachment.id, expected, step, now)
    AttachedBytes.objects(id=attachment.id).delete()
    return removed


def content_of(attachment: Attachment, clamd: str) -> bytes:
    """The bytes of a file; the 409 problem while the scanner has yet to look at it."""
    if scan_state(attachment, clamd) == "waiting":
        problem = conflict("not-yet-scanned", "The virus scanner has yet to look at this file.")
        problem.headers = {"Retry-After": "30"}
        raise problem
    found = AttachedBytes.objects(id=attachment.id).first()
    if found is None:
        raise not_found("attachment")
    return bytes(found.content)


def keep_scanning(clamd: str, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """The worker's loop: scan what waits for it, delete what nobody claims, until told to stop."""
    while not stop.wait(SWEEP_SECONDS):
        with put_off("attachments not looked at"):
            sweep(clamd, clock(), stop)


def sweep(clamd: str, now: datetime, stop: threading.Event) -> None:
    """Once: scan the files that no scanner has looked at, and delete bytes of no attachment.

    Ends before the next scan, which may take half a minute, once `stop` is set.
    """
    if clamd:
        _scan_waiting(clamd, now, stop)
    # Only what is as old when it is deleted: an upload may take it up at this very moment.
    long_ago = {"unclaimed_since__gt": _BEGINNING, "unclaimed_since__lt": now - _UNCLAIMED}
    for found in list(AttachedBytes.objects(**long_ago).only("id").limit(_BATCH)):
        kept = Attachment.objects(id=found.id).only("status").first()
        if kept is not None and kept.status == "kept":
            _claim(found.id)
        else:
            AttachedBytes.objects(id=found.id, **long_ago).delete()


def _scan_waiting(clamd: str, now: datetime, stop: threading.Event) -> None:
    waiting = Attachment.objects(unscanned_since__gt=_BEGINNING).order_by("unscanned_since")
    for one in list(waiting.only("id").limit(_BATCH)):
        if stop.is_set():
            return
        found = AttachedBytes.objects(id=one.id).first()
        if found is None:
            continue
        try:
            bad = infected(clamd, bytes(found.content))
        except NotScanned as error:
            # Behind the others: so many as a round takes would else be asked for again and again.
            log.warning("a file could not be scanned", id=one.id, error=str(error))
            Attachment._get_collection().update_one(
                {"_id": one.id, "unscanned_since": {"$gt": _BEGINNING}},
                {"$set": {"unscanned_since": now}},
            )
            continue
        except ScannerAway as error:
            log.warning("the virus scanner is away", error=str(error))
            return
        if bad:
            _unclaim(one.id, now)  # if a crash comes before they are deleted, they go later
        try:
            change(Attachment, one.id, None, partial(_note_scan, bad, now), now)
        except (IllegalTransition, NotFound):
            continue  # removed meanwhile
        if bad:
            log.error("the virus scanner found something in a file", id=one.id)
            AttachedBytes.objects(id=one.id).delete()


def _note_scan(bad: bool, now: datetime, attachment: Attachment) -> None:
    if attachment.unscanned_since is None:
        return
    if bad:
        actor = (SERVICE, None)
        take_step_as(ATTACHMENT, attachment, "refuse", actor, now, attachment.sha256)
        _note_untold(attachment, now, told=True)
    attachment.scanned = "infected" if bad else "clean"
    attachment.unscanned_since = None


def _note_untold(attachment: Attachment, now: datetime, *, told: bool) -> None:
    """That it is gone is told to who may have heard of it: of one that was never told, nobody."""
    heard = attachment.untold_since is None
    attachment.untold_since = now if told and heard else None


def _scanned_now(clamd: str, content: bytes) -> bool:
    """Whether the scanner looked at it and found nothing; False while it cannot be asked."""
    if not clamd:
        return False
    try:
        bad = infected(clamd, content)
    except ScannerAway as error:
        log.warning("a file could not be scanned", error=str(error))
        return False
    if bad:
        raise invalid_field("file", "The virus scanner found something in this file.", "infected")
    return True


def _require_room(place: Place, identity: Identity, coming: int) -> None:
    every = list(Attachment.objects(audited_under=place.record).only("status", "history"))
    if sum(one.status == "kept" for one in every) + coming > MOST:
        raise conflict("full", f"A record has {MOST} files at most; remove one first.")
    # By side, lest one of a proposal uses up what the other has.
    side = (identity.role, party_of(identity))
    adders = ((one.history[0].role, one.history[0].party) for one in every)
    if sum(adder == side for adder in adders) + coming > MOST_EVER:
        raise conflict("full", f"You attached {MOST_EVER} files to this record; it takes no more.")


def _attaching(identity: Identity, digest: str, now: datetime) -> Transition:
    return Transition(
        target=ATTACHMENT.initial,
        action="attach",
        at=now,
        role=identity.role,
        party=party_of(identity),
        subject=subject_of(identity),
        reason=digest,
    )


def _write_bytes(id_: str, content: bytes, now: datetime) -> None:
    # Over what an earlier attempt left, which the worker may be about to delete; the bytes are the
    # same, for the id comes from them.
    written = {"$set": {"content": content, "unclaimed_since": now}}
    try:
        AttachedBytes._get_collection().update_one({"_id": id_}, written, upsert=True)
    except DuplicateKeyError:
        return  # another wrote them at the same moment


def _claim(id_: str) -> bool:
    """Say that an attachment has the bytes; whether they are there."""
    claimed = {"$unset": {"unclaimed_since": ""}}
    return bool(AttachedBytes._get_collection().update_one({"_id": id_}, claimed).matched_count)


def _unclaim(id_: str, now: datetime) -> None:
    AttachedBytes._get_collection().update_one({"_id": id_}, {"$set": {"unclaimed_since": now}})
