"""Which lines a proposal is about, out of what it promised and may serve still."""

from typing import Any

import pytest

from services.portal.pages.requests import offers
from services.portal.pages.requests.offers import offer_rows
from services.portal.promised import concerned, lines_of, may_serve

TRAINING = {
    **dict.fromkeys(("quantity", "of", "unit", "amount", "amount_of")),
    "need": 2,
    "provision": 3,
    "theme": "marking",
    "kind": "training",
}


def line(side: str, number: int, committed: float, pledged: float | None = None) -> Any:
    """A line of which something is promised."""
    coded = {"theme": "marking", "kind": "equipment", "measure": "quantity", "unit": "machines"}
    return {**coded, "side": side, "line": number, "committed": committed, "pledged": pledged}


def match(status: str, *promised: Any) -> dict[str, Any]:
    """A match that may serve training still."""
    named = {"id": "r.o", "offer": "o", "organisation": "acme"}
    return {**named, "status": status, "serves": [TRAINING], "promised": promised}


COMMITTED = (line("request", 1, 4), line("offer", 1, 4), line("offer", 4, 0, 2))


@pytest.mark.parametrize(
    ("status", "promised", "needs", "gifts"),
    [
        ("endorsed", (), {2}, {3}),
        ("agreed", (line("offer", 4, 0, 2),), {2}, {3, 4}),
        ("committed", COMMITTED, {1, 2}, {1, 3, 4}),
        ("delivered", COMMITTED, {1}, {1}),
        ("closed", COMMITTED, {1}, {1}),
        ("delivered", (), {2}, {3}),
    ],
)
def test_a_match_is_about_what_it_promised_and_may_serve(
    status: str, promised: Any, needs: set[int], gifts: set[int]
) -> None:
    one = match(status, *promised)
    assert lines_of(one, "request") == needs
    assert lines_of(one, "offer") == gifts


def test_what_an_earlier_matcher_tells_is_what_is_served() -> None:
    one = {"status": "delivered", "serves": [TRAINING]}
    assert (lines_of(one, "request"), may_serve(one)) == ({2}, [TRAINING])


@pytest.mark.parametrize(
    ("status", "kinds"), [("committed", ["equipment", "training"]), ("delivered", ["equipment"])]
)
def test_it_is_told_what_for_the_need_lines_are(status: str, kinds: list[str]) -> None:
    gone = {**line("request", 9, 1), "theme": None, "kind": None}
    assert [one["kind"] for one in concerned(match(status, *COMMITTED, gone))] == kinds


def test_offers_that_fit_tell_what_is_committed_of_each_need_line(
    speaking: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaking("en")
    found: dict[str, Any] = {"offer_titles": {}, "organisations": {}}
    monkeypatch.setattr(offers, "find", lambda **_: found)
    (row,) = offer_rows([match("committed", *COMMITTED)], [])
    told = [(one["line"], one["kind"], one["words"]) for one in row["gives"]]
    assert told == [(1, "equipment", "Committed 4 machines"), (2, "training", "")]
