"""The register's part of the report: its figures are those of a plain pass over the exports."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.vocabulary.countries import country, groups
from shared.vocabulary.currencies import to_usd_cents
from tests.services.requests.conftest import Caller
from tests.services.requests.test_public import commit, line, nothing_else  # noqa: F401

Make = Callable[..., TestResponse]
AIM = {"text": "Marked.", "indicator": "share marked", "target": "all", "date": None}


@pytest.fixture
def small_world(record: Make, coordinator: Caller, nothing_else: None) -> None:  # noqa: F811
    """Requests of three States: confidential, priced, partly met, a draft, and one sent twice."""
    hidden = line("tracing", amount=7777, currency="USD", visibility="coordinators")
    priced = line("marking", amount=1000, currency="EUR", sustainability=["training"])
    first = record("circulated", needs=[priced, hidden], gender_marker="principal").json["id"]
    second = record(
        "circulated",
        country="MLI",
        language="fr",
        needs=[line("marking", objectives=[AIM]), line("marking", amount=50, currency="USD")],
        gender_marker="not-targeted",
    ).json["id"]
    record("circulated", country="JPN", needs=[line("tracing")], objectives=[AIM])
    record("submitted", needs=[priced])
    twice = record("circulated", needs=[priced])
    merged = coordinator.post(
        f"/v1/requests/{twice.json['id']}/merge",
        {"into": first, "lines": []},
        twice.headers["ETag"],
    )
    assert merged.status_code == 200, merged.json
    commit(first, 1, 4)
    commit(first, 2, 1)
    commit(second, 1, 3)


def exported(caller: Caller) -> list[dict[str, Any]]:
    """Every request that the caller may see, page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = caller.get("/v1/requests", query_string=query).json
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def pass_over(requests: Iterable[dict[str, Any]], **only: str) -> dict[str, float | None]:
    """The figures by hand: all of one theme, region, group or language where one is named."""
    lines, days, gender, twice, value = [], [], [], 0, 0.0
    for one in requests:
        place = {country(one["country"]).area, *groups(one["country"], datetime.now(UTC).date())}
        if only.get("region", "") not in {"", *place} or only.get("group", "") not in {"", *place}:
            continue
        if only.get("language", one["language"]) != one["language"]:
            continue
        needs = [n for n in one["needs"] if n["theme"] == only.get("theme", n["theme"])]
        steps = {step["action"]: datetime.fromisoformat(step["at"]) for step in one["history"]}
        if one["status"] == "merged":
            twice += bool(needs)
            value += sum(dollars(need) or 0 for need in needs)
        elif "circulate" in steps:
            aims = one["objectives"]
            lines += [(need, bool(aims) or bool(need["objectives"])) for need in needs]
            if needs:
                days.append((steps["circulate"] - steps["authenticate"]).total_seconds() / 86400)
                if one["gender_marker"]:
                    gender.append(one["gender_marker"] != "not-targeted")
    met = [min(1.0, (need["committed"]["quantity"] or 0) / need["quantity"]) for need, _ in lines]
    worth = [dollars(need) for need, _ in lines]
    priced = [(w, part) for w, part in zip(worth, met, strict=True) if w is not None]
    asked = sum(w for w, _ in priced)
    return {
        "needs": len(lines),
        "needs-met": share(sum(part == 1 for part in met), len(met)),
        "lines-committed": share(sum(met), len(met)),
        "amount-committed": share(sum(w * part for w, part in priced), asked),
        "objectives": share(sum(aim for _, aim in lines), len(lines)),
        "asks-training": share(
            sum("training" in need["sustainability"] for need, _ in lines), len(lines)
        ),
        "gender": share(sum(gender), len(gender)),
        "days-circulate": round(median(days), 1) if days else None,
        "duplicates": twice,
        "duplicates-value": round(value, 4),
    }


def share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def dollars(need: dict[str, Any]) -> float | None:
    if need["amount"] is None:
        return None
    today = datetime.now(UTC).date()
    return to_usd_cents(round(need["amount"] * 100), need["currency"], today) / 100


def told(caller: Caller, by: str | None = None, code: str | None = None, **query: str) -> Any:
    answer = caller.get("/v1/report", query_string=query)
    assert answer.status_code == 200, answer.json
    found = [one for one in answer.json["groups"] if (one["by"], one["code"]) == (by, code)]
    return {one["name"]: one["value"] for one in found[0]["figures"]} if found else {}


@pytest.mark.usefixtures("small_world")
def test_figures_are_those_of_a_plain_pass_over_the_exports(
    coordinator: Caller, caller: Callable[..., Caller], senegal: Caller
) -> None:
    requests = exported(coordinator)
    for name, code in (
        *((None, None), ("theme", "marking"), ("theme", "tracing"), ("language", "fr")),
        *(("region", "Western Africa"), ("region", "Eastern Asia"), ("group", "LDC")),
    ):
        only = {} if name is None or code is None else {name: code}
        by_hand = pass_over(requests, **only)
        whole, group = told(coordinator, **only), told(coordinator, name, code)
        assert {one: whole[one] for one in by_hand} == by_hand
        assert {one: group.get(one, whole[one]) for one in by_hand} == by_hand
    assert by_hand["needs"]
    assert by_hand["duplicates-value"]
    asked = {"figure": "amount-committed", "theme": "tracing"}
    records = coordinator.get("/v1/report/records", query_string=asked)
    (hidden,) = (one for one in requests if len(one["needs"]) == 2 and one["country"] == "SEN")
    assert records.json == {"records": [hidden["id"]], "count": 1}
    unknown = coordinator.get("/v1/report/records", query_string={"figure": "no-such"})
    assert unknown.status_code == 422
    # A coordinator of some regions is told of those alone; who oversees nobody, nothing.
    east = caller("coordinator", regions=frozenset({"Eastern Asia"}))
    elsewhere = [one for one in requests if one["country"] == "JPN"]
    assert told(east)["needs"] == pass_over(elsewhere)["needs"] == 1
    assert senegal.get("/v1/report").status_code == 403
