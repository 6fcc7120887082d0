"""What is material in a record, and what is not."""

import hashlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from services.matcher.material import MaterialSide, changed, material
from shared.events import validation
from shared.events.envelope import ACTIVITY, OFFER, REQUEST
from shared.language.signature import signature

KEY = b"a key that only the tests use..."
TYPES: dict[MaterialSide, str] = {"request": REQUEST, "offer": OFFER, "activity": ACTIVITY}
DESCRIPTION = (
    "The national commission needs two marking machines and training of six operators, so that "
    "the weapons of the police can be marked in every region before the end of next year."
)
Change = Callable[[dict[str, Any]], Any]


def example(side: MaterialSide) -> dict[str, Any]:
    """An event's data."""
    return deepcopy(validation.example(TYPES[side]))


def is_material(side: MaterialSide, change: Change) -> bool:
    """Whether the change of the example's data is material."""
    data = example(side)
    before = material(side, data)
    change(data)
    return changed(before, material(side, data))


def signed(title: str, description: str = DESCRIPTION, language: str = "en") -> str:
    """The digest of a request with these texts."""
    texts = {"title": title, "description": description}
    return material("request", {**example("request"), "signature": signature(texts, language, KEY)})


@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("request", lambda data: data.update(country="GHA")),
        ("request", lambda data: data["needs"][0].update(quantity=5)),
        ("request", lambda data: data["needs"][0].update(amount_cents=1)),
        ("request", lambda data: data["needs"][0].update(theme="tracing")),
        ("request", lambda data: data["needs"].append(data["needs"][0])),
        ("request", lambda data: data["needs"].clear() or data["signature"].update(lines=[])),
        ("request", lambda data: data["window"].update(to="2028-12-31")),
        ("request", lambda data: data.update(window=None)),
        ("request", lambda data: data.update(signature=None)),
        ("request", lambda data: data["signature"].update(concepts=[])),
        ("offer", lambda data: data["provisions"][0].update(capacity=11)),
        ("offer", lambda data: data["eligibility"].update(regions=[])),
        ("offer", lambda data: data.update(conditions=[])),
        ("offer", lambda data: data.update(ceiling_cents=100, ceiling_currency="USD")),
        ("activity", lambda data: data.update(country="GHA")),
        ("activity", lambda data: data.update(kind="legal-drafting")),
        ("activity", lambda data: data.update(window={"from": "2020-01-01", "to": "2020-02-01"})),
    ],
)
def test_what_the_judgement_hangs_on_is_material(side: MaterialSide, change: Change) -> None:
    assert is_material(side, change)


@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("request", lambda data: data.update(priority="low", evidence=9, partners=[])),
        ("request", lambda data: data.update(status="closed", consent="no-objection")),
        ("request", lambda data: data["needs"][0].update(line=7, priority="high")),
        ("request", lambda data: data["needs"][0].update(quantity=4.0, confidential=True)),
        ("request", lambda data: data["needs"][0].update(window=dict(data["window"]))),
        ("offer", lambda data: data["provisions"][0].update(line=9)),
        ("offer", lambda data: data["conditions"].append(data["conditions"][0])),
        ("activity", lambda data: data.update(status="closed", organisation=None)),
    ],
)
def test_all_else_is_not(side: MaterialSide, change: Change) -> None:
    assert not is_material(side, change)


def test_lines_may_be_in_any_order() -> None:
    data = example("request")
    data["needs"].append({**data["needs"][0], "line": 2, "kind": "training", "unit": None})
    before = material("request", data)
    data["needs"].reverse()
    assert not changed(before, material("request", data))


def test_a_slip_of_the_pen_is_not_material() -> None:
    before = signed("Marking machines for the police")
    for title in ("Marking machnies for the police", "Marking machines for police", "Marking"):
        assert not changed(before, signed(title))
    assert not changed(before, signed("Marking machines", DESCRIPTION.replace("every", "evry")))


def test_another_text_is_material() -> None:
    before = signed("Marking machines for the police")
    other = "Renovation of three armouries and safes for ammunition."
    assert changed(before, signed("Marking machines for the police", other))
    added = f"{DESCRIPTION} A law on brokering has to be drafted as well."
    assert changed(before, signed("Marking machines for the police", added))


@pytest.mark.parametrize(("kept", "is_other"), [(85, False), (40, True)])
def test_other_words_for_the_same_concepts_are_material_when_most_are_others(
    kept: int, is_other: bool
) -> None:
    hashes = [hashlib.sha256(bytes([at])).hexdigest()[:16] for at in range(200)]

    def worded(terms: list[str]) -> str:
        data = example("request")
        data["signature"]["terms"] = [[term, 1.0] for term in terms]
        return material("request", data)

    before = worded(hashes[:96])
    assert changed(before, worded(hashes[96 - kept : 96] + hashes[100 : 196 - kept])) == is_other


def test_a_translation_is_not_material() -> None:
    english = signed("", "We need marking machines.", "en")
    french = signed("", "Nous avons besoin de machines de marquage.", "fr")
    assert english.split(" ")[3] != french.split(" ")[3]
    assert english.split(" ")[2] == french.split(" ")[2]
    assert not changed(english, french)


def test_a_new_way_of_reading_is_not_material() -> None:
    data = example("request")
    before = material("request", data)
    data["signature"].update(method="99", concepts=[], terms=[["00000000000000aa", 1.0]])
    assert not changed(before, material("request", data))
    data["needs"][0]["quantity"] = 1
    assert changed(before, material("request", data))


def test_what_a_text_seems_to_describe_counts_where_there_are_no_lines() -> None:
    data = {**example("request"), "needs": []}
    before = material("request", data)
    data["signature"]["lines"][0][2] = 0.5
    assert not changed(before, material("request", data))
    data["signature"]["lines"][0][3] = 6
    assert changed(before, material("request", data))


def test_a_digest_is_short_printable_and_holds_no_word() -> None:
    digest = signed("Marking machines for the police", DESCRIPTION * 3)
    assert len(digest) <= 350
    assert digest.isascii()
    assert digest.isprintable()
    assert "marking" not in digest
    assert signed("Marking machines for the police", DESCRIPTION * 3) == digest
    silent = material("offer", {**example("offer"), "signature": None})
    assert not changed(silent, silent)
