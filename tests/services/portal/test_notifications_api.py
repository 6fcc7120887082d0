"""Notifications over HTTP: one's own alone, paged, read, and chosen."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.portal import api_tokens
from services.portal.documents import Account
from services.portal.domain.telling import KINDS, ROLE_KINDS, steps_told, tellings
from services.portal.followed_state import TYPES
from services.portal.house import House
from services.portal.note_documents import Notification
from services.portal.notifying import Note, notify
from tests.services.portal.conftest import URL, Clock
from tests.services.portal.events import MATCH_ID

PATH = "/v1/notifications"


@pytest.fixture(autouse=True)
def empty(app: object) -> None:
    Notification.objects.delete()


@pytest.fixture
def as_account(house: House) -> Callable[[Account], dict[str, str]]:
    def make(account: Account) -> dict[str, str]:
        access = api_tokens.access_for(house, account, house.clock())
        return {"Authorization": f"Bearer {access.token}"}

    return make


def tell(clock: Clock, account: Account, number: int, **facts: Any) -> str:
    clock.forward(seconds=1)
    made = Note(
        "match-step", "match", MATCH_ID, "agree", str(number), clock(), {"country": "SEN", **facts}
    )
    assert notify(made, [account], clock()) == 1
    return made.id_for(account.id)


def test_notifications_are_listed_newest_first_with_how_many_are_unread(
    client: FlaskClient,
    clock: Clock,
    make_account: Callable[..., Account],
    as_account: Callable[[Account], dict[str, str]],
) -> None:
    account, other = make_account(), make_account()
    ids = [tell(clock, account, number) for number in range(5)]
    tell(clock, other, 1)
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = client.get(PATH, query_string=query, headers=as_account(account)).get_json()
        assert answer["unread"] == 5
        seen += [one["id"] for one in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    (first,) = client.get(
        PATH, query_string={"limit": 1, "language": "fr"}, headers=as_account(account)
    ).get_json()["items"]
    assert first["text"].startswith("L’État et le donateur ont tous deux accepté")
    assert first["link"] == f"{URL}/notifications/{ids[-1]}"
    assert (first["record"], first["state"], first["read_at"]) == (MATCH_ID, "SEN", None)
    since = client.get(PATH, headers=as_account(account)).get_json()["items"][1]["created_at"]
    later = client.get(PATH, query_string={"since": since}, headers=as_account(account))
    assert [one["id"] for one in later.get_json()["items"]] == ids[-1:]


def test_one_marks_ones_own_as_read_and_no_others(
    client: FlaskClient,
    clock: Clock,
    make_account: Callable[..., Account],
    as_account: Callable[[Account], dict[str, str]],
) -> None:
    account, other = make_account(), make_account()
    ids = [tell(clock, account, number) for number in range(4)]
    theirs = tell(clock, other, 1)

    def read(**body: Any) -> Any:
        return client.post(f"{PATH}/read", json=body, headers=as_account(account))

    assert read(ids=[ids[0], theirs]).get_json() == {"unread": 3}
    assert Notification.objects(id=theirs).first().read_at is None
    before = Notification.objects(id=ids[0]).first().read_at
    clock.forward(seconds=5)
    until = Notification.objects(id=ids[2]).first().created_at.isoformat()
    assert read(until=until).get_json() == {"unread": 1}
    assert Notification.objects(id=ids[0]).first().read_at == before
    new = client.get(PATH, query_string={"unread": "true"}, headers=as_account(account))
    assert [one["id"] for one in new.get_json()["items"]] == [ids[3]]
    for wrong in ({}, {"ids": ["x"]}, {"ids": ids * 51}, {"until": "yesterday"}, {"all": True}):
        assert read(**wrong).status_code == 422, wrong


def test_choices_are_of_the_roles_kinds(
    client: FlaskClient,
    make_account: Callable[..., Account],
    as_account: Callable[[Account], dict[str, str]],
) -> None:
    account = make_account("donor")
    headers = as_account(account)
    usual = client.get(f"{PATH}/choices", headers=headers).get_json()["items"]
    assert [one["kind"] for one in usual] == list(ROLE_KINDS["donor"])
    assert all(one["mail"] == one["usual"] == KINDS[one["kind"]] for one in usual)

    def put(*items: tuple[str, str]) -> Any:
        body = {"items": [{"kind": kind, "mail": mail} for kind, mail in items]}
        return client.put(f"{PATH}/choices", json=body, headers=headers)

    answer = put(("match-step", "none"), ("reminder", "digest"))
    chosen = {one["kind"]: one["mail"] for one in answer.get_json()["items"]}
    assert (chosen["match-step"], chosen["reminder"]) == ("none", "digest")
    account.reload()
    assert account.mail_choices == {"match-step": "none", "reminder": "digest"}
    assert put().status_code == 200
    account.reload()
    assert account.mail_choices == {}
    for wrong in ([("reminder", "sms")], [("x", "now")], [("reminder", "now")] * 2):
        assert put(*wrong).status_code == 422, wrong


def test_who_has_no_account_here_has_none_of_it(
    client: FlaskClient,
    make_account: Callable[..., Account],
    as_account: Callable[[Account], dict[str, str]],
) -> None:
    account = make_account()
    headers = as_account(account)
    Account.objects(id=account.id).delete()
    assert client.get(PATH, headers=headers).get_json()["items"] == []
    assert client.get(f"{PATH}/choices", headers=headers).status_code == 404
    assert client.put(f"{PATH}/choices", json={"items": []}, headers=headers).status_code == 404
    assert client.get(PATH).status_code == 401


def test_roles_choose_among_what_they_are_told_of() -> None:
    roles = {
        **dict.fromkeys(("state", "states", "asked", "matched-states"), "requester"),
        **dict.fromkeys(("donor", "joiner", "matched-donors"), "donor"),
        "donors": "donor",
        "coordinators": "coordinator",
    }
    told: dict[str, set[str]] = {role: set() for role in ROLE_KINDS}
    for record_type in set(TYPES.values()):
        for action in steps_told(record_type):
            for target in ("endorsed", "x"):
                step = {"action": action, "source": "endorsed", "target": target}
                for telling in tellings(record_type, step):
                    for who in telling.who:
                        told[roles[who]].add(telling.kind)
    # What time alone brings comes by no step; the end of an exemption comes by either.
    assert {role for role, kinds in told.items() if "expiry" in kinds} == {"requester", "donor"}
    by_time = {"contacts", "expiry"}
    assert {role: set(kinds) - by_time for role, kinds in ROLE_KINDS.items()} == {
        role: kinds - by_time for role, kinds in told.items()
    }
    assert {kind for kinds in ROLE_KINDS.values() for kind in kinds} == set(KINDS)
