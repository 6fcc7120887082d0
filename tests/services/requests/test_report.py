"""The register's part of the report: its figures are those of a plain pass over the exports."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deploy.local.servers import wait_until
from services.requests import reporting
from services.requests.circulating import settle
from services.requests.reporting import FIGURES
from shared.registers import report_api
from shared.vocabulary.countries import country, groups, income_group
from shared.vocabulary.currencies import to_usd_cents
from shared.vocabulary.lists import SUSTAINABILITY_MEASURES
from shared.web.awaited import Awaited
from tests.services.requests.conftest import Caller
from tests.services.requests.test_public import commit, line, nothing_else  # noqa: F401

Make = Callable[..., TestResponse]
REPORT = {"title": "National report", "year": 2024, "url": None}
AIM = {"text": "Marked.", "indicator": "share marked", "target": "all", "date": None}


@pytest.fixture
def small_world(record: Make, coordinator: Caller, nothing_else: None) -> None:  # noqa: F811
    """Requests of three States: confidential, priced, partly met, a draft, and one sent twice."""
    hidden = line("tracing", amount=7777, currency="USD", visibility="coordinators")
    priced = line("marking", amount=1000, currency="EUR", sustainability=["training"])
    first = record(
        "circulated", needs=[priced, hidden], gender_marker="principal", source_report=REPORT
    ).json["id"]
    second = record(
        "circulated",
        country="MLI",
        language="fr",
        needs=[line("marking", objectives=[AIM]), line("marking", amount=50, currency="USD")],
        gender_marker="not-targeted",
    ).json["id"]
    record("circulated", country="JPN", needs=[line("tracing")], objectives=[AIM])
    record("submitted", needs=[priced])
    twice = record("circulated", needs=[priced], source_report=REPORT)
    merged = coordinator.post(
        f"/v1/requests/{twice.json['id']}/merge",
        {"into": first, "lines": []},
        twice.headers["ETag"],
    )
    assert merged.status_code == 200, merged.json
    commit(first, 1, 4)
    commit(first, 2, 1)
    commit(second, 1, 3)
    settle([first, second], datetime.now(UTC))


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
    lines, gender, twice, value = [], [], 0, 0.0
    days: dict[str, list[float]] = {name: [] for name in FIGURES if name.startswith("days-")}
    for one in requests:
        today = datetime.now(UTC).date()
        place = {country(one["country"]).area, *groups(one["country"], today)}
        place |= {"", income_group(one["country"], today)}
        place |= (
            set() if groups(one["country"], today) & {"LDC", "LLDC", "SIDS", "ODA"} else {"none"}
        )
        if any(only.get(name, "") not in place for name in ("region", "group", "income")):
            continue
        reported = (one["source_report"] or {}).get("year")
        if only.get("report_year", str(reported)) != str(reported):
            continue
        if only.get("language", one["language"]) != one["language"]:
            continue
        needs = [n for n in one["needs"] if n["theme"] == only.get("theme", n["theme"])]
        steps: dict[str, datetime] = {}
        for step in one["history"]:
            steps.setdefault(step["action"], datetime.fromisoformat(step["at"]))
        if "circulate" in steps and str(steps["circulate"].year) != only.get(
            "year", str(steps["circulate"].year)
        ):
            continue
        if one["status"] == "merged":
            twice += bool(needs)
            value += sum(dollars(need) or 0 for need in needs)
        elif "circulate" in steps:
            aims = one["objectives"]
            lines += [(need, bool(aims) or bool(need["objectives"])) for need in needs]
            if needs:
                met_on = min(
                    (steps[n] for n in ("cover", "cover-partly") if n in steps), default=None
                )
                for name, start, end in (
                    ("days-authenticate", steps["submit"], steps["authenticate"]),
                    ("days-circulate", steps["authenticate"], steps["circulate"]),
                    ("days-first-commitment", steps["circulate"], met_on),
                ):
                    if end is not None:
                        days[name].append((end - start).total_seconds() / 86400)
                if one["gender_marker"]:
                    gender.append(one["gender_marker"] != "not-targeted")
    worth = [dollars(need) for need, _ in lines]
    asked = sum(w for w in worth if w is not None)
    parts: dict[str, list[float]] = {}
    of_worth: dict[str, float] = {}
    for name in ("committed", "delivered"):
        parts[name] = [
            min(1.0, (need[name]["quantity"] or 0) / need["quantity"]) for need, _ in lines
        ]
        of_worth[name] = sum(
            w * part for w, part in zip(worth, parts[name], strict=True) if w is not None
        )
    return {
        "needs": len(lines),
        "needs-met": share(sum(part == 1 for part in parts["committed"]), len(lines)),
        **{f"lines-{name}": share(sum(told), len(lines)) for name, told in parts.items()},
        **{f"amount-{name}": share(told, asked) for name, told in of_worth.items()},
        "objectives": share(sum(aim for _, aim in lines), len(lines)),
        **{
            f"asks-{code}": share(
                sum(code in need["sustainability"] for need, _ in lines), len(lines)
            )
            for code in SUSTAINABILITY_MEASURES.codes()
        },
        "gender": share(sum(gender), len(gender)),
        **{name: round(median(told), 1) if told else None for name, told in days.items()},
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
        *(
            ("region", "Western Africa"),
            ("region", "Eastern Asia"),
            ("group", "LDC"),
            ("group", "none"),
        ),
        *(("income", "high-income"), ("income", "lower-middle-income")),
        *(("year", str(datetime.now(UTC).year)), ("year", "2001"), ("report_year", "2024")),
    ):
        only = {} if name is None or code is None else {name: code}
        by_hand = pass_over(requests, **only)
        assert by_hand.keys() == FIGURES.keys()
        whole, group = told(coordinator, **only), told(coordinator, name, code)
        assert {one: whole[one] for one in by_hand} == by_hand
        assert {one: group.get(one, whole[one]) for one in by_hand} == by_hand
        if code in ("marking", "Western Africa", None):
            assert by_hand["needs"]
            assert by_hand["duplicates-value"]
            assert by_hand["days-first-commitment"] is not None
    asked = {"figure": "amount-committed", "theme": "tracing"}
    records = coordinator.get("/v1/report/records", query_string=asked)
    (hidden,) = (one for one in requests if len(one["needs"]) == 2 and one["country"] == "SEN")
    assert records.json == {"records": [hidden["id"]], "count": 1, "next": None}
    unknown = coordinator.get("/v1/report/records", query_string={"figure": "no-such"})
    assert unknown.status_code == 422
    # A coordinator of some regions is told of those alone; who oversees nobody, nothing.
    east = caller("coordinator", regions=frozenset({"Eastern Asia"}))
    elsewhere = [one for one in requests if one["country"] == "JPN"]
    assert told(east)["needs"] == pass_over(elsewhere)["needs"] == 1
    assert senegal.get("/v1/report").status_code == 403


@pytest.mark.usefixtures("small_world")
def test_what_takes_long_to_read_is_read_once_for_all_who_oversee_the_same(
    coordinator: Caller, caller: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.web.awaited.SOON", 0.0)
    monkeypatch.setattr(report_api, "_TABLES", Awaited(0.05, stale=3_600.0))
    may_go_on, reads, every = threading.Event(), [], reporting.every

    def late(*asked: Any) -> Any:
        reads.append(asked)
        may_go_on.wait(60)
        return every(*asked)

    monkeypatch.setattr(reporting, "every", late)
    for path in ("/v1/report", "/v1/report/records?figure=needs", "/v1/report?theme=marking"):
        refused = coordinator.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        assert refused.json["type"].endswith("being-found")
    shown = coordinator.get("/metrics").text
    assert 'problem="being-found",route="/v1/report",service="requests",status="503"' in shown
    before = datetime.now(UTC)
    may_go_on.set()
    wait_until(lambda: coordinator.get("/v1/report").status_code == 200, 60, "the report")
    assert datetime.fromisoformat(coordinator.get("/v1/report").json["as_of"]) < before
    assert told(coordinator)["needs"] == 5
    assert told(coordinator, theme="marking")["needs"] == 3
    behind = coordinator.get("/v1/report/records", query_string={"figure": "needs"})
    assert behind.json["count"] == 3
    first = coordinator.get("/v1/report/records", query_string={"figure": "needs", "limit": 2}).json
    rest = {"figure": "needs", "cursor": first["next"]}
    second = coordinator.get("/v1/report/records", query_string=rest).json
    assert [*first["records"], *second["records"]] == behind.json["records"]
    assert (len(first["records"]), second["next"]) == (2, None)
    assert len(reads) == 1
    # Another that oversees others is told of those, however much is kept for who oversees all.
    east = caller("coordinator", regions=frozenset({"Eastern Asia"}))
    wait_until(lambda: east.get("/v1/report").status_code == 200, 60, "the report of a region")
    assert told(east)["needs"] == 1
    assert len(reads) == 2
