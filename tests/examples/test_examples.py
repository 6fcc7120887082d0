"""The example data keep to their format, stay ours, and hold what their README promises."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pycountry
import pytest

from shared.vocabulary.countries import AREAS, country, country_name, groups, neighbours
from shared.vocabulary.themes import THEMES as VOCABULARY

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
GOLD = ROOT.parent / "shared" / "gold" / "dev"
TODAY = date(2026, 11, 23)

Record = dict[str, Any]

FILES = ("requests", "offers", "activities")
FIELDS = {
    "requests": "id illustrative country language title description needs priority window channel",
    "offers": "id illustrative donor donor_type donor_country language title description "
    "provisions eligibility conditions window",
    "activities": "id illustrative country provider language title description theme kind "
    "quantity unit amount_usd start end status",
}
LETTERS = {"requests": "R", "offers": "O", "activities": "A"}
LANGUAGES = {
    "requests": {"en": 7, "fr": 6, "es": 4, "ar": 3, "ru": 3, "zh": 2},
    "offers": {"en": 16, "fr": 8, "es": 6, "ar": 4, "ru": 3, "zh": 3},
    "activities": {"en": 1, "fr": 1, "es": 1, "ar": 1, "ru": 1, "zh": 1},
}
MARKS = {
    "en": " (illustrative)",
    "fr": " (à titre d'illustration)",
    "es": " (ejemplo ilustrativo)",
    "ar": " (مثال توضيحي)",
    "ru": " (условный пример)",
    "zh": "（示例）",
}
COUNTS = {"requests": 25, "offers": 40, "activities": 15}
# fmt: off
THEMES = {
    "legislation", "national-coordination", "manufacture-control", "transfer-control", "brokering",
    "civilian-access", "stockpile-management", "ammunition", "marking", "record-keeping", "tracing",
    "ballistics", "collection", "destruction", "ddr", "security-sector-reform", "border-control",
    "criminal-justice", "surveys", "awareness", "gender", "reporting",
}
# fmt: on
KINDS = {"training", "equipment", "expertise", "infrastructure", "funding"}
PRIORITIES = {"critical", "high", "medium", "low"}
CHANNELS = {"national-report", "trust-fund", "bilateral", "regional-organisation", "direct"}
DONOR_TYPES = {"state", "un-entity", "regional-organisation", "igo", "ngo", "trust-fund"}
GROUPS = {"LDC", "LLDC", "SIDS", "ODA"}
STATUSES = {"planned", "ongoing", "completed"}


# The id of an offer and that of a request which it was written to serve.
# fmt: off
INTENDED = [
    ("E-O01", "E-R04"), ("E-O03", "E-R01"), ("E-O09", "E-R12"), ("E-O10", "E-R12"),
    ("E-O11", "E-R13"), ("E-O12", "E-R13"), ("E-O13", "E-R11"), ("E-O14", "E-R14"),
    ("E-O15", "E-R14"), ("E-O16", "E-R08"), ("E-O17", "E-R07"), ("E-O18", "E-R07"),
    ("E-O19", "E-R09"), ("E-O20", "E-R09"), ("E-O21", "E-R10"), ("E-O22", "E-R23"),
    ("E-O23", "E-R23"), ("E-O24", "E-R21"), ("E-O25", "E-R22"), ("E-O27", "E-R04"),
    ("E-O28", "E-R17"), ("E-O29", "E-R15"), ("E-O30", "E-R16"), ("E-O31", "E-R18"),
    ("E-O33", "E-R17"), ("E-O35", "E-R19"), ("E-O37", "E-R24"), ("E-O39", "E-R25"),
]
# fmt: on


def load(folder: Path, name: str) -> list[Record]:
    lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


DATA = {name: load(EXAMPLES, name) for name in FILES}
EVERY = [(name, record) for name in FILES for record in DATA[name]]
BY_ID: dict[str, Record] = {record["id"]: record for _, record in EVERY}


def parameters(*names: str) -> list[Any]:
    return [pytest.param(r, id=r["id"]) for name in names for r in DATA[name]]


def lines_of(record: Record) -> list[Record]:
    return record.get("needs") or record.get("provisions") or [{**record, "line": 1}]


def check_country(alpha3: str) -> None:
    assert pycountry.countries.get(alpha_3=alpha3) is not None, f"{alpha3} is no country code"


def check_period(first: str, last: str) -> None:
    assert date.fromisoformat(first) <= date.fromisoformat(last)


def eligible(offer: Record, alpha3: str) -> bool:
    lists = offer["eligibility"]
    named = alpha3 in lists["countries"] or country(alpha3).area in lists["regions"]
    return named or bool(groups(alpha3, TODAY) & set(lists["groups"])) or not any(lists.values())


def open_on(record: Record, day: date) -> bool:
    window = record["window"]
    return date.fromisoformat(window["from"]) <= day <= date.fromisoformat(window["to"])


def shape(record: Record) -> list[tuple[str, str]]:
    return [(line["theme"], line["kind"]) for line in lines_of(record)]


@pytest.mark.parametrize("name", FILES)
def test_ids_run_without_gap(name: str) -> None:
    expected = [f"E-{LETTERS[name]}{number:02d}" for number in range(1, COUNTS[name] + 1)]
    assert [record["id"] for record in DATA[name]] == expected


@pytest.mark.parametrize("name", FILES)
def test_fields_are_those_of_the_format(name: str) -> None:
    for record in DATA[name]:
        assert set(record) - {"public"} == set(FIELDS[name].split()), record["id"]
        assert record.get("public", True) is True, record["id"]
        assert record["illustrative"] is True, record["id"]


@pytest.mark.parametrize("record", parameters(*FILES))
def test_titles_say_that_they_are_illustrative(record: Record) -> None:
    # The field of the file is not loaded; the title is, and stands wherever the record is shown.
    assert record["title"].endswith(MARKS[record["language"]])


@pytest.mark.parametrize("name", FILES)
def test_languages_are_spread(name: str) -> None:
    found = Counter(record["language"] for record in DATA[name])
    assert set(found) == set(LANGUAGES[name])
    for language, least in LANGUAGES[name].items():
        assert found[language] >= least, language


@pytest.mark.parametrize("record", parameters(*FILES))
def test_texts_have_a_readable_length(record: Record) -> None:
    description = record["description"]
    assert 0 < len(record["title"]) <= 120
    assert record["title"][0].isalnum()
    assert len(description) <= 1200
    if record["language"] == "zh":
        assert 100 <= len(description) <= 400
    else:
        assert 40 <= len(description.split()) <= 120


@pytest.mark.parametrize("record", parameters(*FILES))
def test_lines_use_the_codes_and_positive_figures(record: Record) -> None:
    lines = lines_of(record)
    assert [line["line"] for line in lines] == list(range(1, len(lines) + 1))
    measure = "capacity" if "provisions" in record else "quantity"
    for line in lines:
        assert line.keys() >= {"line", "theme", "kind", measure, "unit", "amount_usd"}
        assert line["theme"] in THEMES
        assert VOCABULARY.check(line["theme"], TODAY).code == line["theme"]
        assert line["kind"] in KINDS
        assert (line[measure] is None) == (line["unit"] is None)
        assert line[measure] is not None or line["amount_usd"] is not None
        for figure in (line[measure], line["amount_usd"]):
            assert figure is None or (type(figure) is int and figure > 0)


@pytest.mark.parametrize("record", parameters("requests"))
def test_requests_match_the_format(record: Record) -> None:
    check_country(record["country"])
    check_period(record["window"]["from"], record["window"]["to"])
    assert "2026-06-01" <= record["window"]["from"] <= record["window"]["to"] <= "2030-12-31"
    assert record["priority"] in PRIORITIES
    assert record["channel"] in CHANNELS
    assert record["needs"]


@pytest.mark.parametrize("record", parameters("offers"))
def test_offers_match_the_format(record: Record) -> None:
    check_period(record["window"]["from"], record["window"]["to"])
    assert "2026-06-01" <= record["window"]["from"] <= record["window"]["to"] <= "2030-12-31"
    assert record["donor"]
    assert record["donor_type"] in DONOR_TYPES
    assert (record["donor_country"] is not None) == (record["donor_type"] == "state")
    if record["donor_country"]:
        check_country(record["donor_country"])
    eligibility = record["eligibility"]
    assert set(eligibility) == {"countries", "regions", "groups"}
    for alpha3 in eligibility["countries"]:
        check_country(alpha3)
    for region in eligibility["regions"]:
        assert AREAS.get(region).code == region
    assert set(eligibility["groups"]) <= GROUPS
    assert all(isinstance(text, str) and text.strip() for text in record["conditions"])
    assert record["provisions"]


@pytest.mark.parametrize("record", parameters("activities"))
def test_activities_match_the_format(record: Record) -> None:
    check_country(record["country"])
    check_period(record["start"], record["end"])
    assert record["status"] in STATUSES
    assert record["provider"]
    ended = date.fromisoformat(record["end"]) < TODAY
    assert ended == (record["status"] == "completed")
    assert (date.fromisoformat(record["start"]) > TODAY) <= (record["status"] == "planned")


def test_the_spread_is_wide() -> None:
    requests, offers = DATA["requests"], DATA["offers"]
    for records in (requests, offers):
        assert {line["theme"] for r in records for line in lines_of(r)} == THEMES
        assert {line["kind"] for r in records for line in lines_of(r)} == KINDS
    assert len({country(r["country"]).area for r in requests}) == 15
    assert {r["priority"] for r in requests} == PRIORITIES
    assert {r["channel"] for r in requests} == CHANNELS
    assert {o["donor_type"] for o in offers} == DONOR_TYPES
    assert {g for o in offers for g in o["eligibility"]["groups"]} == GROUPS
    assert any(not any(o["eligibility"].values()) for o in offers)
    assert sum(bool(o["conditions"]) for o in offers) == 14
    assert sum(open_on(r, TODAY) for r in requests) >= 12


@pytest.mark.parametrize("record", parameters("requests", "activities"))
def test_no_text_names_the_state_whose_code_it_carries(record: Record) -> None:
    name = country_name(record["country"], record["language"])
    assert name.casefold() not in f"{record['title']} {record['description']}".casefold()


def test_readme_says_that_the_data_are_illustrative() -> None:
    readme = " ".join((EXAMPLES / "README.md").read_text(encoding="utf-8").split())
    assert "No text is a statement by any State, agency or organisation" in readme
    assert set(re.findall(r"E-[ROA]\d{2}", readme)) <= set(BY_ID)


def test_readme_counts_are_the_files_counts() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for name in FILES:
        found = Counter(record["language"] for record in DATA[name])
        row = [len(DATA[name]), *(found[code] for code in LANGUAGES[name])]
        assert f"| {' | '.join(map(str, row))} |" in readme, name


@pytest.mark.parametrize(("left", "right"), [("E-R01", "E-R02")])
def test_request_sent_twice(left: str, right: str) -> None:
    one, other = BY_ID[left], BY_ID[right]
    assert one["country"] == other["country"]
    assert one["language"] != other["language"]
    assert one["channel"] != other["channel"]
    assert shape(one) == shape(other)
    assert [n["quantity"] for n in one["needs"]] == [n["quantity"] for n in other["needs"]]


@pytest.mark.parametrize(("left", "right"), [("E-O03", "E-O04"), ("E-O31", "E-O32")])
def test_offer_posted_twice(left: str, right: str) -> None:
    one, other = BY_ID[left], BY_ID[right]
    assert one["eligibility"] == other["eligibility"]
    assert shape(one) == shape(other)
    assert [p["capacity"] for p in one["provisions"]] == [
        p["capacity"] for p in other["provisions"]
    ]


def test_alliance_is_of_three_neighbours_in_one_theme() -> None:
    members = [BY_ID[i] for i in ("E-R03", "E-R04", "E-R05")]
    for one, other in combinations(members, 2):
        assert other["country"] in neighbours(one["country"])
    assert {theme for r in members for theme, _ in shape(r)} == {"ammunition"}
    assert all(eligible(BY_ID["E-O01"], r["country"]) for r in members)


@pytest.mark.parametrize(
    ("request_id", "line", "activity_id"),
    [("E-R06", 1, "E-A01"), ("E-R07", 2, "E-A03"), ("E-R08", 3, "E-A13"), ("E-R19", 3, "E-A07")],
)
def test_covered_need(request_id: str, line: int, activity_id: str) -> None:
    request, activity = BY_ID[request_id], BY_ID[activity_id]
    need = request["needs"][line - 1]
    assert activity["country"] == request["country"]
    assert (activity["theme"], activity["kind"]) == (need["theme"], need["kind"])
    assert activity["status"] in {"planned", "ongoing"}
    assert need["quantity"] is None or activity["quantity"] >= need["quantity"]


def test_offers_that_may_not_be_proposed() -> None:
    gun_rooms = BY_ID["E-R06"]
    assert not eligible(BY_ID["E-O06"], gun_rooms["country"])
    assert shape(BY_ID["E-O06"]) == shape(gun_rooms)
    assert eligible(BY_ID["E-O07"], gun_rooms["country"])
    assert BY_ID["E-O07"]["window"]["to"] < TODAY.isoformat()
    assert eligible(BY_ID["E-O34"], BY_ID["E-R20"]["country"])
    assert BY_ID["E-R20"]["window"]["to"] < TODAY.isoformat()
    for request_id in ("E-R18", "E-R07"):
        for offer_id in ("E-O26", "E-O38"):
            assert not eligible(BY_ID[offer_id], BY_ID[request_id]["country"])


@pytest.mark.parametrize(("offer_id", "request_id"), INTENDED)
def test_intended_pairs_are_possible(offer_id: str, request_id: str) -> None:
    offer, request = BY_ID[offer_id], BY_ID[request_id]
    assert eligible(offer, request["country"])
    assert offer["window"]["from"] <= request["window"]["to"]
    assert request["window"]["from"] <= offer["window"]["to"]


def test_trust_fund_has_amounts_only() -> None:
    fund = BY_ID["E-O11"]
    assert fund["donor_type"] == "trust-fund"
    assert all(p["capacity"] is None and p["amount_usd"] for p in fund["provisions"])


def test_miscoded_request() -> None:
    request, offer = BY_ID["E-R21"], BY_ID["E-O24"]
    assert {theme for theme, _ in shape(request)} == {"ammunition"}
    assert {theme for theme, _ in shape(offer)} == {"ballistics"}
    assert [kind for _, kind in shape(request)] == [kind for _, kind in shape(offer)]


def sequences(record: Record) -> Iterator[tuple[str, ...]]:
    """Runs of eight words of a text; in Chinese, runs of twenty characters."""
    for text in (record["title"], record["description"]):
        words = re.findall(r"\w+", text.casefold())
        length = 8
        if record["language"] == "zh":
            words, length = list("".join(words)), 20
        for start in range(len(words) - length + 1):
            yield tuple(words[start : start + length])


@pytest.mark.skipif(not GOLD.is_dir(), reason="the gold set is not beside the repository")
def test_nothing_is_shared_with_the_gold_set() -> None:
    gold = [record for name in FILES for record in load(GOLD, name)]
    known = {sequence for record in gold for sequence in sequences(record)}
    for _, record in EVERY:
        shared = [" ".join(sequence) for sequence in sequences(record) if sequence in known]
        assert not shared, f"{record['id']}: {shared}"
    names = {(r.get("donor") or r.get("provider") or "").casefold() for r in gold} - {""}
    ours = {(r.get("donor") or r.get("provider") or "").casefold() for _, r in EVERY} - {""}
    assert not names & ours
    assert not {r["title"].casefold() for r in gold} & {r["title"].casefold() for _, r in EVERY}
