"""What is understood of an activity, field by field, and how each fault is told."""

import io
from typing import Any

import pytest

from services.offers.iati.reading import read_activities
from services.offers.iati.understanding import Record, Understanding
from tests.services.offers.iati_files import activity, file

Told = list[tuple[str, str]]


def understood(attributes: str = 'xml:lang="en"', **parts: str) -> tuple[list[Record], Told]:
    """The records of an activity with these parts changed, and what is refused of it."""
    content = io.BytesIO(file(activity(1, attributes, **parts)))
    (read,) = read_activities(content)
    found = Understanding().of(read)
    return list(found.records), [(refusal.field, refusal.code) for refusal in found.refusals]


def body(attributes: str = 'xml:lang="en"', **parts: str) -> dict[str, Any]:
    records, refusals = understood(attributes, **parts)
    assert refusals == []
    return records[0].body


def budget(
    value: str,
    more: str = 'currency="EUR" value-date="2026-02-01"',
    type_: str = "1",
    year: int = 2026,
) -> str:
    return (
        f'<budget type="{type_}"><period-start iso-date="{year}-01-01"/>'
        f'<period-end iso-date="{year}-12-31"/><value {more}>{value}</value></budget>'
    )


def transaction(type_: str, value: str, currency: str = "EUR") -> str:
    return (
        f'<transaction><transaction-type code="{type_}"/><transaction-date iso-date="2026-03-01"/>'
        f'<value currency="{currency}" value-date="2026-03-01">{value}</value></transaction>'
    )


def narratives(name: str, **texts: str) -> str:
    found = "".join(
        f'<narrative xml:lang="{language}">{said}</narrative>' for language, said in texts.items()
    )
    return f"<{name}>{found}</{name}>"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("1", "planned"),
        ("2", "ongoing"),
        ("3", "completed"),
        ("4", "completed"),
        ("5", "cancelled"),
        ("6", "ongoing"),
    ],
)
def test_statuses(code: str, status: str) -> None:
    records, refusals = understood(status=f'<activity-status code="{code}"/>')
    assert (records[0].body["status"], refusals) == (status, [])
    assert any(note.code == "suspended" for note in records[0].notes) == (code == "6")


def test_actual_days_go_before_planned_ones() -> None:
    dates = "".join(
        f'<activity-date type="{kind}" iso-date="{day}"/>'
        for kind, day in (("1", "2026-01-01"), ("2", "2026-02-02Z"), ("3", "2027-03-03+02:00"))
    )
    assert body(dates=dates)["window"] == {"from": "2026-02-02", "to": "2027-03-03"}
    ended = dates + '<activity-date type="4" iso-date="2027-04-04"/>'
    assert body(dates=ended)["window"] == {"from": "2026-02-02", "to": "2027-04-04"}
    records, _ = understood(dates='<activity-date type="2" iso-date="2026-02-02"/>')
    assert records[0].body["window"] is None
    assert any(note.code == "window-untold" for note in records[0].notes)


def test_the_default_language_goes_first_if_it_is_one_of_the_six() -> None:
    title = narratives("title", en="Marking", fr="Marquage d'armes", de="Kennzeichnung")
    description = narratives(
        "description",
        en="Marking machines for small arms.",
        fr="Machines de marquage d'armes.",
        de="Maschinen",
    )
    texts = {"title": title, "description": description}
    assert body('xml:lang="fr-CA"', **texts)["language"] == "fr"
    assert body('xml:lang="de"', **texts)["language"] == "en"
    assert body("", **texts)["title"] == "Marking"


def test_a_language_with_both_texts_goes_before_one_with_half() -> None:
    made = body(
        title=narratives("title", en="Marking", fr="Marquage d'armes légères"),
        description=narratives("description", fr="Machines de marquage des armes légères."),
    )
    assert (made["language"], made["title"]) == ("fr", "Marquage d'armes légères")
    mixed = body(
        title=narratives("title", en="Marking of small arms"),
        description=narratives("description", fr="Machines de marquage des armes légères."),
    )
    assert (mixed["language"], mixed["title"]) == ("fr", "Marking of small arms")


def test_texts_of_an_unsaid_language_are_left_to_be_detected() -> None:
    assert body("")["language"] is None


def test_several_descriptions_follow_one_another_and_long_ones_are_cut() -> None:
    one = narratives("description", en="Marking machines for small arms.")
    two = narratives("description", en="Training in record-keeping.")
    assert body(description=one + two)["description"] == (
        "Marking machines for small arms.\n\nTraining in record-keeping."
    )
    records, _ = understood(
        title=narratives("title", en="Marking " * 60),
        description=narratives("description", en="Marking machines. " * 2_000),
    )
    made = records[0].body
    assert (len(made["title"]), made["title"][-1]) <= (300, "…")
    assert len(made["description"]) <= 20_000
    assert {note.code for note in records[0].notes} >= {"title-cut", "description-cut"}


@pytest.mark.parametrize(
    ("money", "amount", "currency"),
    [
        (budget("100.50"), 100.5, "EUR"),
        (budget("100") + budget("50", year=2027), 150, "EUR"),
        (budget("100") + budget("80", type_="2"), 80, "EUR"),
        (budget("100", 'value-date="2026-01-01"'), 100, "USD"),
        (transaction("2", "70") + transaction("2", "-20") + transaction("3", "9"), 50, "EUR"),
        (transaction("3", "30") + transaction("4", "12") + transaction("1", "99"), 42, "EUR"),
        (budget("0"), None, None),
        ("", None, None),
    ],
)
def test_money(money: str, amount: float | None, currency: str | None) -> None:
    made = body('xml:lang="en" default-currency="USD"', budget=money)
    assert (made["amount"], made["currency"]) == (amount, currency)


def test_several_currencies_become_dollars_at_their_own_days_rates() -> None:
    dollars = budget("100", 'currency="USD" value-date="2026-01-01"', year=2027)
    made = body(budget=budget("100") + dollars)
    assert made["currency"] == "USD"
    assert made["amount"] > 150


def test_parts_of_countries() -> None:
    def of(codes: str, region: str = "") -> dict[str, Any]:
        records, _ = understood(country=codes, region=region)
        return {record.body["country"]: record.body["amount"] for record in records}

    def one(code: str, part: str | None) -> str:
        share = "" if part is None else f' percentage="{part}"'
        return f'<recipient-country code="{code}"{share}/>'

    assert of(one("SN", None)) == {"SEN": 120000}
    assert of(one("sn", "99.5")) == {"SEN": 119400}
    thirds = one("SN", "33.3") + one("ML", "33.3") + one("TG", "33.3")
    assert of(thirds) == dict.fromkeys(("SEN", "MLI", "TGO"), 39960)
    assert of(one("SN", "40") + one("ML", None)) == {"SEN": 48000, "MLI": None}
    assert of(one("SN", "33.33") + one("ML", "66.67")) == {"SEN": 39996, "MLI": 80004}
    assert of(one("SN", None) + one("ML", None)) == {"SEN": None, "MLI": None}
    assert of(one("SN", "20") + one("SN", "30") + one("ML", "50")) == {"SEN": 60000, "MLI": 60000}
    africa = '<recipient-region code="1030" vocabulary="1" percentage="50"/>'
    assert of(one("SN", "50"), africa) == {"SEN": 60000}
    halves = africa.replace("50", "30") + africa.replace("50", "20").replace("1030", "298")
    others = africa.replace('vocabulary="1"', 'vocabulary="99"')
    assert of(one("SN", "50"), halves + others) == {"SEN": 60000}


PARTS: list[tuple[dict[str, str], Told]] = [
    ({"title": ""}, [("title", "required")]),
    ({"title": narratives("title", en="  ")}, [("title", "required")]),
    ({"title": narratives("title", de="Kennzeichnung")}, [("title", "language")]),
    ({"description": ""}, [("description", "required")]),
    ({"status": ""}, [("activity-status", "required")]),
    ({"status": '<activity-status code="9"/>'}, [("activity-status", "unknown-code")]),
    ({"dates": '<activity-date type="1" iso-date="2026-02-30"/>'}, [("activity-date", "date")]),
    ({"dates": '<activity-date type="1" iso-date="soon"/>'}, [("activity-date", "date")]),
    ({"dates": '<activity-date type="1"/>'}, [("activity-date", "date")]),
    (
        {
            "dates": '<activity-date type="2" iso-date="2026-02-02"/>'
            '<activity-date type="4" iso-date="2026-02-01"/>'
        },
        [("activity-date", "order")],
    ),
    ({"country": ""}, [("recipient-country", "required")]),
    (
        {"country": "", "region": '<recipient-region code="998"/>'},
        [("recipient-country", "region-only")],
    ),
    ({"country": '<recipient-country code="Senegal"/>'}, [("recipient-country", "unknown-code")]),
    (
        {"country": '<recipient-country code="SN" percentage="120"/>'},
        [("recipient-country", "percentages")],
    ),
    (
        {"country": '<recipient-country code="SN" percentage="half"/>'},
        [("recipient-country", "number")],
    ),
    (
        {
            "country": '<recipient-country code="SN" percentage="70"/>'
            '<recipient-country code="ML" percentage="60"/>'
        },
        [("recipient-country", "percentages")],
    ),
    (
        {
            "country": '<recipient-country code="SN" percentage="30"/>'
            '<recipient-country code="ML" percentage="60"/>'
        },
        [("recipient-country", "percentages")],
    ),
    (
        {"country": '<recipient-country code="SN" percentage="40"/>'},
        [("recipient-country", "percentages")],
    ),
    (
        {
            "country": '<recipient-country code="SN" percentage="50"/>',
            "region": '<recipient-region code="1030" percentage="30"/>'
            '<recipient-region code="298" percentage="60"/>',
        },
        [("recipient-country", "percentages")],
    ),
    ({"dates": '<activity-date type="1" iso-date="20026-01-31"/>'}, [("activity-date", "date")]),
    (
        {"budget": budget("5", 'currency="EUR" value-date="20026-01-31"')},
        [("budget/value", "date")],
    ),
    ({"budget": budget("5", year=20026)}, [("budget/period-start", "date")]),
    (
        {"budget": transaction("2", "5") + transaction("2", "5", "VES")},
        [("transaction/value", "no-rate")],
    ),
    ({"sector": '<sector code="small arms"/>'}, [("sector", "unknown-code")]),
    ({"budget": budget("-5")}, [("budget", "negative")]),
    ({"budget": budget("1,000")}, [("budget/value", "number")]),
    ({"budget": budget("1e400")}, [("budget/value", "number")]),
    ({"budget": budget("NaN")}, [("budget/value", "number")]),
    ({"budget": budget("5", 'value-date="2026-01-01"')}, [("budget/value", "required")]),
    (
        {"budget": budget("5", 'currency="XXX" value-date="2026-01-01"')},
        [("budget/value", "unknown-code")],
    ),
    ({"budget": budget("5", 'currency="EUR"')}, [("budget/value", "date")]),
    ({"budget": budget("20000000000000")}, [("budget", "too_large")]),
    ({"budget": "<budget><value>1</value></budget>"}, [("budget", "required")]),
    ({"budget": transaction("2", "-5")}, [("transaction", "negative")]),
    (
        {"status": "", "country": "", "budget": budget("-5")},
        [
            ("activity-status", "required"),
            ("budget", "negative"),
            ("recipient-country", "required"),
        ],
    ),
]


@pytest.mark.parametrize(("parts", "told"), PARTS)
def test_faults_name_the_field(parts: dict[str, str], told: Told) -> None:
    assert understood(**parts) == ([], told)


def test_sectors_of_other_vocabularies_leave_it_to_the_text() -> None:
    assert body(sector='<sector vocabulary="99" code="our own"/>')["theme"] == "marking"
    assert body(sector='<sector vocabulary="2" code="152"/>')["theme"] == "marking"
    assert body(sector="")["theme"] == "marking"


def test_a_text_that_tells_no_theme_is_told_only_under_the_fields_own_sector() -> None:
    vague = {
        "title": narratives("title", en="Support"),
        "description": narratives("description", en="Second phase of the programme."),
    }
    assert understood(**vague) == ([], [("sector", "no-theme")])
    other = '<sector vocabulary="1" code="15110"/>'
    assert understood(**vague, sector=other, status="") == ([], [("sector", "outside-field")])


def test_a_currency_without_a_rate_is_kept_and_noted() -> None:
    records, refusals = understood(budget=budget("5", 'currency="VES" value-date="2026-02-01"'))
    assert refusals == []
    (record,) = records
    assert (record.body["amount"], record.body["currency"]) == (5, "VES")
    assert [note.about for note in record.notes if note.code == "rate-unknown"] == ["VES"]


@pytest.mark.parametrize("text", ["=1+1", "+1 gun", "-1 gun", "@x", "=cmd|' /C calc'!A0"])
def test_texts_like_formulas_are_texts(text: str) -> None:
    assert body(title=narratives("title", en=text))["title"] == text


def test_second_hand_reports_are_noted() -> None:
    reporter = '<reporting-org ref="X" type="10" secondary-reporter="1"><narrative>Y</narrative>'
    records, _ = understood(reporter=f"{reporter}</reporting-org>")
    assert [note.about for note in records[0].notes if note.code == "second-hand"] == ["Y"]
