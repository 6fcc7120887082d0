"""The register's part of the report: offers posted twice and offers for gender equality, by a plain
pass over the exports."""

from datetime import UTC, datetime
from typing import Any

from services.offers.documents import AssistanceOffer
from services.offers.reporting import FIGURES
from shared.registers.match_figures import MATCH_FIGURES
from shared.vocabulary.currencies import to_usd_cents


def line(theme: str, amount: float | None, currency: str | None) -> dict[str, Any]:
    return {
        "theme": theme,
        "kind": "equipment",
        "capacity": 2,
        "unit": "machines",
        "amount": amount,
        "currency": currency,
    }


def pass_over(offers: list[dict[str, Any]], theme: str | None, year: str | None) -> dict[str, Any]:
    """How many were merged into another once published, what their lines are worth, and how many
    of the others have gender equality as an objective."""
    count, value, aims = 0, 0.0, []
    for one in offers:
        shown = [step["at"] for step in one["history"] if step["action"] == "publish"]
        lines = [each for each in one["provisions"] if theme in (None, each["theme"])]
        if not shown or not lines or year not in (None, shown[0][:4]):
            continue
        if one["status"] != "merged":
            if one["gender_marker"]:
                aims.append(one["gender_marker"] in ("principal", "significant"))
            continue
        count += 1
        for each in lines:
            if each["amount"] is not None:
                cents = round(each["amount"] * 100)
                today = datetime.now(UTC).date()
                value += to_usd_cents(cents, each["currency"], today) / 100
    return {
        "offer-duplicates": count,
        "offer-duplicates-value": round(value, 4),
        "offer-gender": round(sum(aims) / len(aims), 4) if aims else None,
    }


def test_figures_are_those_of_a_plain_pass_over_the_exports(record, caller):
    coordinator = caller("coordinator")
    AssistanceOffer.objects.delete()
    stays = record("published", provisions=[line("marking", 500, "USD")], gender_marker="principal")
    for marker in ("not-targeted", "significant", None):
        record("published", provisions=[line("marking", 9000, "USD")], gender_marker=marker)
    aim = {"gender_marker": "not-targeted"}
    record("published", provisions=[line("tracing", 9000, "USD")], **aim)
    record("draft", provisions=[line("marking", 1, "USD")], **aim)
    for lines in (
        [line("marking", 1000, "EUR"), line("tracing", 70, "USD")],
        [line("tracing", None, None)],
    ):
        gone = record("published", provisions=lines)
        path = f"/v1/offers/{gone.json['id']}/merge"
        body = {"into": stays.json["id"], "lines": []}
        assert coordinator.post(path, body, gone.headers["ETag"]).status_code == 200
    offers = coordinator.get("/v1/offers", query_string={"limit": 200}).json["items"]
    offers += coordinator.get("/v1/offers", query_string={"status": "merged"}).json["items"]
    exported = list({one["id"]: one for one in offers}.values())
    year = str(datetime.now(UTC).year)
    for by, code in ((None, None), ("theme", "marking"), ("theme", "tracing"), ("year", year)):
        query = {} if by is None else {by: code}
        by_hand = pass_over(exported, **{"theme": None, "year": None, **query})
        assert by_hand.keys() == FIGURES.keys() - MATCH_FIGURES.keys()
        assert by_hand["offer-duplicates-value"]
        for asked, group in ((query, (None, None)), ({}, (by, code))):
            groups = coordinator.get("/v1/report", query_string=asked).json["groups"]
            (found,) = (one for one in groups if (one["by"], one["code"]) == group)
            told = {one["name"]: one["value"] for one in found["figures"]}
            assert {name: told[name] for name in by_hand} == by_hand
