"""Points of contact: what is due, what is on record, and what is erased."""

from typing import Any

import pytest

from services.requests.documents import AUDITED, State
from shared.events.auditing import Auditor, compare
from shared.events.trail import entries_of, verify
from shared.web.database import current_database

CONTACT = {"office": "National commission", "email": "office@example.org", "phone": "+221 33 1"}


@pytest.fixture(autouse=True)
def no_states(client):
    State.objects.delete()


def test_what_has_to_be_confirmed_is_listed(senegal, operator):
    senegal.put("/v1/states/SEN", {"contacts": [CONTACT]})
    old = {"contacts": [CONTACT], "last_confirmed": "2020-01-01"}
    operator.put("/v1/states/MLI", old)
    operator.put("/v1/states/GIN", {"contacts": []})
    listed = operator.get("/v1/states?due=true").json["items"]
    assert [(state["id"], state["confirmation_due"]) for state in listed] == [
        ("GIN", True),
        ("MLI", True),
    ]
    assert len(operator.get("/v1/states").json["items"]) == 3


def test_contact_data_are_erased_and_the_history_stays(senegal, operator, caller):
    made = senegal.put("/v1/states/SEN", {"contacts": [CONTACT]})
    path = "/v1/states/SEN/erase-contacts"
    assert senegal.post(path).status_code == 428
    assert senegal.post(path, None, '"1.7"').status_code == 412
    mali = caller("requester", state="MLI")
    assert mali.post(path, None, made.headers["ETag"]).status_code == 403
    erased = senegal.post(path, None, made.headers["ETag"])
    assert erased.status_code == 200
    assert (erased.json["contacts"], erased.json["last_confirmed"]) == ([], None)
    assert erased.json["confirmation_due"] is True
    steps = [(one["action"], one["role"], one["party"]) for one in erased.json["history"]]
    assert steps == [("confirm", "requester", "SEN"), ("erase", "requester", "SEN")]
    stored = str(State._get_collection().find_one("SEN"))
    assert not [value for value in CONTACT.values() if value in stored]
    again = senegal.post(path, None, erased.headers["ETag"])
    assert again.headers["ETag"] == erased.headers["ETag"]
    assert operator.post("/v1/states/BEN/erase-contacts", None, '"1.1"').status_code == 404


def test_the_same_confirmation_twice_a_day_is_one(senegal):
    made = senegal.put("/v1/states/SEN", {"contacts": [CONTACT]})
    again = senegal.put("/v1/states/SEN", {"contacts": [CONTACT]}, made.headers["ETag"])
    assert len(again.json["history"]) == 1


def test_what_was_erased_stands_nowhere_and_the_trail_is_whole(senegal, operator):
    """Nor does what stood there before it was changed, nor in the trail of who changed it."""
    database = current_database()
    auditor = Auditor("requests", AUDITED, current_database)
    auditor.prepare()

    def take_over() -> None:
        while auditor.take_over():
            pass

    first = {"office": "Qzvexor office", "email": "qzvexor@example.org", "phone": "+221 99 8877"}
    then = {**first, "email": "plantagenet@example.org"}
    made = senegal.put("/v1/states/SEN", {"contacts": [first]})
    take_over()
    made = senegal.put("/v1/states/SEN", {"contacts": [then]}, made.headers["ETag"])
    take_over()
    planted = ("qzvexor", "plantagenet", "99 8877")
    assert [word in everything(database) for word in planted] == [True] * 3
    erased = senegal.post("/v1/states/SEN/erase-contacts", None, made.headers["ETag"])
    assert erased.status_code == 200
    take_over()
    text = everything(database)
    assert [word for word in planted if word in text] == []
    told = [one["action"] for one in entries_of(database, "SEN", 0, 50, "step")]
    assert told[-1] == "erase"
    assert verify(database, "requests")[1] == []
    assert list(compare(database, AUDITED)) == []


def everything(database: Any) -> str:
    """All that the service keeps, in small letters."""
    names = database.list_collection_names()
    return str([list(database[name].find()) for name in names]).lower()
