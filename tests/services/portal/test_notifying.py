"""Who is told of what, once each, and what of it goes into the mail."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.portal import gathering, notifying
from services.portal.documents import Account, OutgoingMail
from services.portal.domain.telling import KINDS, MAILS, mail_choice, steps_told, tellings
from services.portal.followed_state import TYPES
from services.portal.gathering import digest_until, gather_digests, gather_single
from services.portal.house import House
from services.portal.note_documents import Followed, Notification
from services.portal.notifying import KEPT, Note, notify
from services.portal.postman import send_due
from services.portal.sentences import KIND_NAMES, sentence
from shared.events.envelope import COMMITMENT, MATCH, OFFER, REQUEST, Event
from shared.lifecycle import FILING
from shared.lifecycle import REQUEST as REQUEST_LIFE
from shared.vocabulary import LANGUAGES
from tests.services.portal.conftest import URL, Clock
from tests.services.portal.events import (
    DONOR,
    ENDORSED,
    MATCH_ID,
    REQUEST_ID,
    circulated,
    event,
    matched,
    step,
)
from tests.services.portal.mailbox import listening, new_mailbox, part
from tests.services.portal.told import told, told_of


def gather(now: datetime) -> None:
    """All that is to be put into the mail."""
    gather_single(now)
    gather_digests(now)


@pytest.fixture(autouse=True)
def empty(app: object) -> None:
    for kind in (Notification, Followed, OutgoingMail, Account):
        kind.objects.delete()


def test_a_requests_steps_are_told_to_whom_they_concern(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    hear(circulated(clock))
    state = {"state", "colleague"}
    assert told_of(people, "submit") == {"coordinator", "west"}
    assert told_of(people, "authenticate") == state
    assert told_of(people, "circulate") == {*state, "donor", "other-donor"}


def test_each_step_is_told_once_however_its_events_come(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    whole = circulated(clock)
    early = event(REQUEST, whole.data["history"][:1])
    hear(early, early)
    first = told(people)
    assert first == {
        ("coordinator", "submit", "request-review"),
        ("west", "submit", "request-review"),
    }
    hear(whole)
    hear(early, whole, whole)
    all_of_it = told(people)
    assert first < all_of_it
    Followed.objects.delete()  # all that spares the work
    hear(early)
    hear(whole)
    hear(event(REQUEST, whole.data["history"], epoch=2))  # a restored owner says it again
    assert told(people) == all_of_it


def test_a_handler_that_dies_between_two_is_made_up_for(
    people: dict[str, Account],
    hear: Callable[..., None],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep, calls = notifying._kept, 0

    def dying(*args: Any) -> set[str]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("killed")
        return keep(*args)

    monkeypatch.setattr(notifying, "_AT_ONCE", 3)
    monkeypatch.setattr(notifying, "_kept", dying)
    with pytest.raises(RuntimeError):
        hear(circulated(clock))
    assert 0 < len(told(people)) < 8
    hear(circulated(clock))
    assert len(told(people)) == 8


def test_what_comes_together_is_kept_together(
    people: dict[str, Account],
    hear: Callable[..., None],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And who has webhooks is asked once: the worker has a batch of events at a time to tell of."""
    kept, asked = notifying._kept, notifying.webhooks_called
    calls: list[str] = []

    def keeping(*args: Any) -> set[str]:
        calls.append("kept")
        return kept(*args)

    def asking(accounts: set[str]) -> Any:
        calls.append("asked")
        return asked(accounts)

    monkeypatch.setattr(notifying, "_kept", keeping)
    monkeypatch.setattr(notifying, "webhooks_called", asking)
    hear(circulated(clock), circulated(clock, id="another"))
    assert calls == ["kept", "asked"]
    assert Notification.objects.count() == 2 * 8


def test_a_repeated_insert_makes_one(
    people: dict[str, Account],
    hear: Callable[..., None],
    clock: Clock,
    repeated_inserts: None,
) -> None:
    hear(circulated(clock))
    assert len(told(people)) == 8


def test_two_workers_at_once_tell_once(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    whole, ready = circulated(clock), threading.Barrier(3)

    def work() -> None:
        ready.wait()
        hear(whole)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(told(people)) == 8


def test_who_took_a_step_is_not_told_of_it(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    own = step("withdraw", "draft", "withdrawn", clock(), subject=people["state"].id)
    hear(event(REQUEST, [own]))
    assert told_of(people, "withdraw") == {"colleague", "coordinator", "west"}


@pytest.mark.parametrize(
    ("level", "before", "after"),
    [
        ("public", True, True),
        ("restricted", True, True),
        ("parties", False, True),
        ("coordinators", False, False),
    ],
)
def test_no_donor_is_told_of_what_donors_may_not_read(
    people: dict[str, Account],
    hear: Callable[..., None],
    clock: Clock,
    level: str,
    before: bool,
    after: bool,
) -> None:
    hear(circulated(clock, visibility=level))
    assert ("donor" in told_of(people, "circulate")) == before
    hear(matched(clock, ENDORSED))
    assert ("donor" in told_of(people, "endorse")) == after
    assert "other-donor" not in told_of(people, "endorse")
    assert {"state", "colleague"} <= told_of(people, "endorse")
    hear(matched(clock, ENDORSED, ("decline", "endorsed", "declined")))
    # Who was asked hears how it ended, though it is no party any more.
    assert ("donor" in told_of(people, "decline")) == after
    assert "other-donor" not in told_of(people, "decline")


def test_a_request_of_which_donors_see_no_line_is_not_told_to_them(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    plain = circulated(clock)
    (need,) = plain.data["needs"]
    hidden = {**need, "confidential": True, "visibility": "coordinators"}
    hear(circulated(clock, needs=[hidden]), matched(clock, ENDORSED))
    assert told_of(people, "circulate") == {"state", "colleague"}
    assert "donor" not in told_of(people, "endorse")


def test_what_was_withdrawn_before_anybody_heard_is_circulated_to_nobody(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    shown = circulated(clock).data["history"]
    hear(event(REQUEST, [*shown, step("withdraw", "circulated", "withdrawn", clock())]))
    assert told_of(people, "circulate") == {"state", "colleague"}


def test_a_proposal_that_comes_before_its_request_is_told_once_that_is_known(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    hear(matched(clock, ENDORSED))
    assert told_of(people, "endorse") == {"state", "colleague"}
    hear(circulated(clock, visibility="parties"))
    assert told_of(people, "endorse") == {"state", "colleague", "donor"}


def test_a_reminder_goes_to_who_is_silent(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    hear(circulated(clock))
    agreed = step("donor-agree", "endorsed", "donor-agreed", clock())
    again = [
        step(
            "remind", "donor-agreed", "donor-agreed", clock() + timedelta(seconds=n), role="matcher"
        )
        for n in range(2)
    ]
    hear(event(MATCH, [step(*ENDORSED, clock()), agreed, *again]))
    reminded = list(Notification.objects(action="remind"))
    assert {one.kind for one in reminded} == {"reminder"}
    assert sorted(one.account for one in reminded) == sorted(
        2 * [people["state"].id, people["colleague"].id]
    )


def test_commitments_are_told_with_what_is_taken_of_the_offer(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    held = [
        step("reserve", None, "reserving", clock()),
        step("hold", "reserving", "held", clock(), role="matcher"),
    ]
    hear(event(COMMITMENT, held))
    assert told_of(people, "hold") == {"state", "colleague", "donor"}
    (note,) = Notification.objects(account=people["donor"].id)
    assert note.facts["amounts"] == [{"measure": "quantity", "amount": 4000, "unit": "machines"}]
    said = sentence("en", "commitment", "hold", note.facts)
    assert said == "Assistance was committed to Senegal: 4 machines."
    hear(event(COMMITMENT, held, id="66f0000000000000000000e2", match=None, offer=None))
    assert Notification.objects(account=people["donor"].id).count() == 1


def test_offers_concern_their_donor_and_coordinators_of_all_regions(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    history = [
        step("submit", "draft", "submitted", clock(), role="donor", party=DONOR),
        step("publish", "submitted", "published", clock()),
    ]
    hear(event(OFFER, history))
    assert told_of(people, "submit") == {"coordinator"}
    assert told_of(people, "publish") == {"donor"}


def test_what_is_old_is_told_without_mail_and_what_is_very_old_not_at_all(
    people: dict[str, Account], clock: Clock, hear: Callable[..., None]
) -> None:
    Account.objects.update(set__created_at=clock() - timedelta(days=1000))
    past = Clock()
    past.now = clock() - timedelta(days=8)
    hear(circulated(past))
    assert told_of(people, "submit") == {"coordinator", "west"}
    assert told_of(people, "circulate") == {"state", "colleague"}
    assert Notification.objects(mail__exists=True).count() == 0
    past.now = clock() - KEPT
    hear(circulated(past, id="66f0000000000000000000a9"))
    assert Notification.objects(record="66f0000000000000000000a9").count() == 0


def test_who_came_later_is_not_told_of_what_was(
    people: dict[str, Account],
    clock: Clock,
    hear: Callable[..., None],
    make_account: Callable[..., Account],
) -> None:
    whole = circulated(clock)
    clock.forward(minutes=1)
    late = make_account("coordinator")
    hear(whole)
    assert Notification.objects(account=late.id).count() == 0


def test_a_record_that_vanished_tells_nothing(
    people: dict[str, Account], clock: Clock, hear: Callable[..., None]
) -> None:
    whole = circulated(clock)
    gone = Event(
        REQUEST, whole.source, whole.subject, whole.time, whole.version, {}, tombstone=True
    )
    hear(gone)
    assert told(people) == set()


def note(clock: Clock, key: str, kind: str = "match-answer") -> Note:
    return Note(kind, "match", MATCH_ID, "endorse", key, clock(), {"country": "SEN"})


def test_mail_is_sent_as_the_account_chose(
    house: House, people: dict[str, Account], clock: Clock
) -> None:
    who = people["state"]
    for number, (kind, mail) in enumerate(
        [("match-answer", "none"), ("match-step", "now"), ("reminder", "digest")]
    ):
        Account.objects(id=who.id).update(**{f"set__mail_choices__{kind}": mail})
        notify(note(clock, str(number), kind), [Account.objects(id=who.id).first()], clock())
    found = {one.kind: one.mail for one in Notification.objects}
    assert found == {"match-answer": None, "match-step": "now", "reminder": "digest"}


def test_one_notification_is_one_mail(
    house: House, people: dict[str, Account], clock: Clock, make_account: Callable[..., Account]
) -> None:
    reader = make_account("requester", state="SEN")
    Account.objects(id=reader.id).update(
        set__language="ar", set__name='X"\r\nBcc: evil@evil.example'
    )
    clock.forward(seconds=1)
    notify(note(clock, "1"), [Account.objects(id=reader.id).first()], clock())
    before = Notification.objects.first()
    gather(clock())
    gather(clock())
    Notification.objects(id=before.id).update(set__mail="now")  # died before it could say so
    gather(clock())
    assert OutgoingMail.objects.count() == 1
    with listening(new_mailbox()) as mailbox:
        assert send_due(house, mailbox.posting, threading.Event()) == 1
        assert send_due(house, mailbox.posting, threading.Event()) == 0
    (mail,) = mailbox.taken
    assert mail["Bcc"] is None
    assert mail["To"].addresses[0].addr_spec == reader.email
    said = sentence("ar", "match", "endorse", {"country": "SEN"})
    assert mail["Subject"] == said
    assert said in part(mail, "plain")
    assert 'dir="rtl"' in part(mail, "html")
    assert f"{URL}/notifications/{before.id}" in part(mail, "plain")


def test_a_day_is_one_mail_to_each(house: House, people: dict[str, Account], clock: Clock) -> None:
    who = [people["state"], people["donor"]]
    clock.now = digest_until(clock()) + timedelta(days=1, minutes=1)
    for number in range(3):
        notify(note(clock, str(number), "match-step"), who, clock())
    read = Notification.objects(account=people["state"].id).first()
    Notification.objects(id=read.id).update(set__read_at=clock())
    gather(clock())
    assert OutgoingMail.objects.count() == 0  # not before the hour
    clock.forward(days=1)
    late = note(clock, "late", "match-step")
    notify(late, who, clock())
    gather(clock())
    gather(clock())
    digests = {one.account: list(one.notes) for one in OutgoingMail.objects}
    assert {id_: len(notes) for id_, notes in digests.items()} == {who[0].id: 2, who[1].id: 3}
    assert Notification.objects(mail__exists=True).count() == 2
    Notification.objects(id__in=digests[who[1].id]).update(set__mail="digest")  # died before
    gather(clock())
    assert OutgoingMail.objects.count() == 2
    assert Notification.objects(mail__exists=True).count() == 2
    with listening(new_mailbox()) as mailbox:
        assert send_due(house, mailbox.posting, threading.Event()) == 2
    subjects = {m["To"].addresses[0].addr_spec: m["Subject"] for m in mailbox.taken}
    assert subjects == {
        who[0].email: "News from Entraide: 2",
        who[1].email: "News from Entraide: 3",
    }
    clock.forward(days=1)
    gather(clock())
    assert OutgoingMail.objects.count() == 4


def test_a_digest_has_an_end_and_what_is_more_comes_with_the_next(
    people: dict[str, Account], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST_IN_DIGEST", 2)
    clock.now = digest_until(clock()) + timedelta(days=1, minutes=1)
    for number in range(3):
        notify(note(clock, str(number), "match-step"), [people["donor"]], clock())
    clock.forward(days=1)
    gather(clock())
    gather(clock())
    assert [len(one.notes) for one in OutgoingMail.objects] == [2]
    clock.forward(days=1)
    gather(clock())
    assert sorted(len(one.notes) for one in OutgoingMail.objects) == [1, 2]
    assert not Notification.objects(mail__exists=True).count()


def test_a_digest_tells_what_was_heard_of_at_once_in_the_order_in_which_it_happened(
    house: House, people: dict[str, Account], clock: Clock
) -> None:
    actions = ["start", "deliver", "report", "close", "lapse", "fall"]
    for place, action in enumerate(actions):
        at = clock() + timedelta(seconds=place)
        facts = {"country": "SEN"}
        told = Note("match-step", "match", "m", action, action, at, facts)
        notify(told, [people["donor"]], clock() + timedelta(minutes=1))
    clock.forward(days=2)
    gather(clock())
    with listening(new_mailbox()) as mailbox:
        send_due(house, mailbox.posting, threading.Event())
    (mail,) = mailbox.taken
    said = [part(mail, "plain").index(sentence("en", "match", one, facts)) for one in actions]
    assert said == sorted(said)


def test_a_locked_account_gets_no_mail(
    house: House, people: dict[str, Account], clock: Clock
) -> None:
    notify(note(clock, "1"), [people["state"]], clock())
    gather(clock())
    Account.objects(id=people["state"].id).update(set__locked_at=clock())
    notify(note(clock, "2"), [Account.objects(id=people["state"].id).first()], clock())
    with listening(new_mailbox()) as mailbox:
        assert send_due(house, mailbox.posting, threading.Event()) == 0
    assert mailbox.taken == []
    assert OutgoingMail.objects(error="no-account").count() == 1
    assert Notification.objects.count() == 2


def test_a_mail_that_cannot_be_written_holds_nobody_up(
    house: House, people: dict[str, Account], clock: Clock
) -> None:
    for number, name in enumerate(("state", "donor")):
        notify(note(clock, str(number)), [people[name]], clock())
    Notification.objects(account=people["state"].id).update(set__action="of-a-newer-release")
    gather(clock())
    with listening(new_mailbox()) as mailbox:
        assert send_due(house, mailbox.posting, threading.Event()) == 1
    (late,) = OutgoingMail.objects(sent_at=None)
    assert (late.error, late.gave_up_at) == ("KeyError", None)
    assert late.due_at > clock()


def test_the_digests_hour() -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text)

    assert digest_until(at("2026-03-05T05:00:00Z")) == at("2026-03-05T05:00:00Z")
    assert digest_until(at("2026-03-05T04:59:00Z")) == at("2026-03-04T05:00:00Z")
    assert digest_until(at("2026-03-05T06:30:00+05:00")) == at("2026-03-04T05:00:00Z")


def test_every_kind_has_a_name_and_a_usual_way() -> None:
    assert KIND_NAMES.keys() == KINDS.keys()
    assert set(KINDS.values()) <= set(MAILS)
    assert mail_choice({"reminder": "nonsense"}, "reminder") == "now"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_which_anybody_is_told_has_a_sentence(language: str, clock: Clock) -> None:
    facts = {
        "country": "SEN",
        "reason": "months-12",
        "answer_by": clock(),
        "amounts": [
            {"measure": "money", "amount": 1250050, "unit": "USD"},
            {"measure": "quantity", "amount": 2500, "unit": "no such unit"},
        ],
        "last_day": "2027-03-01",
    }
    assert "2027" in sentence(language, "token", "expire", facts)
    assert "2027" in sentence(language, "embargo", "expire", facts)
    barred = sentence(language, "match", "fall", {**facts, "reason": "embargo"})
    assert barred != sentence(language, "match", "fall", facts)
    for record_type in set(TYPES.values()):
        for action in steps_told(record_type):
            said = sentence(language, record_type, action, facts)
            assert "%" not in said
            assert "None" not in said
    assert steps_told("request") <= {*REQUEST_LIFE.steps, *FILING}
    assert list(tellings("request", {"action": "no such step", "target": "x"})) == []
    assert REQUEST_ID not in said


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "1 person and 2 sets"), ("ru", "1 человек и 2 комплекта"), ("ar", "طقمان")],
)
def test_what_is_committed_is_told_in_the_forms_that_numbers_ask_for(
    language: str, told: str
) -> None:
    amounts = [
        {"measure": "quantity", "amount": 1000, "unit": "persons"},
        {"measure": "quantity", "amount": 2000, "unit": "sets"},
    ]
    facts = {"country": "SEN", "amounts": amounts}
    assert told in sentence(language, "commitment", "hold", facts)


@pytest.mark.parametrize("code", ["whole", "unspecified"])
def test_what_is_counted_in_no_unit_is_told_without_one(code: str) -> None:
    amounts = [{"measure": "quantity", "amount": 2500, "unit": code}]
    said = sentence("ar", "commitment", "hold", {"country": "SEN", "amounts": amounts})
    assert code not in said
    assert "2.5" in said or "2,5" in said or "٢" in said


def test_a_message_is_told_to_all_who_read_its_thread() -> None:
    (told,) = tellings("match", {"action": "message", "target": "endorsed"})
    assert (told.kind, KINDS[told.kind]) == ("message", "now")
    assert told.who == ("state", "donor", "coordinators")
    assert list(tellings("match", {"action": "strike", "target": "endorsed"})) == []


def test_a_file_is_told_as_a_message_is_and_an_exemption_s_end_with_its_day() -> None:
    for action in FILING:
        (told,) = tellings("match", {"action": action, "target": "agreed"})
        assert (told.kind, told.who) == ("message", ("state", "donor", "coordinators"))
    (told,) = tellings("match", {"action": "warn", "target": "agreed"})
    assert (told.kind, told.who) == ("expiry", ("state", "donor"))
    facts = {"country": "SEN", "target": "agreed", "reason": "ends-2026-12-31-30"}
    assert "December 31, 2026" in sentence("en", "match", "warn", facts)
    assert "31 décembre 2026" in sentence("fr", "match", "warn", facts)
