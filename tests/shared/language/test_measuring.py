"""Which quantity and which money goes to which line; the table of what units count."""

import json
from importlib.resources import files

import pytest

from shared.language.facts import find_facts
from shared.language.measuring import measured
from shared.language.signature import text_parts
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.units import UNITS

TABLE = json.loads((files("shared.language") / "data" / "unit_kinds.json").read_text("utf-8"))


EQUIPMENT, TRAINING = ("marking", "equipment"), ("marking", "training")
FUNDING, STORES = ("marking", "funding"), ("stockpile-management", "infrastructure")

MARKING = {
    "en": "We ask for six marking machines and training for 24 operators.",
    "fr": "Nous demandons six machines de marquage et la formation de 24 opérateurs.",
    "es": "Solicitamos seis máquinas de marcado y la capacitación de 24 operadores.",
    "ru": "Просим шесть маркировочных машин и обучение 24 операторов.",
    "ar": "نطلب ٦ آلات وسم وتدريب ٢٤ ضابطاً.",
    "zh": "我们需要6台打标机,并培训24名操作员。",
}


def measures(text, *pairs, language="en", side="request"):
    """(quantity, unit) or None, and (cents, currency) or None, of each pair."""
    fields = {"title": "", "description": text}
    parts = text_parts(fields, language, side)
    facts = find_facts(parts.texts, parts.detection.language).outside(parts.ruled_out)
    told = []
    for line in measured(pairs, parts.mentions, facts, parts.texts):
        quantity = line.quantity and (line.quantity[1].value, line.quantity[1].unit)
        amount = line.amount and (line.amount[1].cents, line.amount[1].currency)
        told.append((quantity, amount))
    return told


@pytest.mark.parametrize(("language", "text"), MARKING.items(), ids=MARKING.keys())
def test_quantities_go_to_the_lines_of_the_kinds_beside_them(language, text):
    assert measures(text, TRAINING, EQUIPMENT, language=language) == [
        ((24, "persons"), None),
        ((6, "machines"), None),
    ]


def test_money_goes_to_what_it_is_for_and_else_to_funding():
    text = (
        "Training costs 90,000 US dollars. Six marking machines cost EUR 40 000. Total: USD 1,500."
    )
    found = measures(text, EQUIPMENT, TRAINING, FUNDING)
    assert [amount for _, amount in found] == [
        (4_000_000, "EUR"),
        (9_000_000, "USD"),
        (150_000, "USD"),
    ]


def test_what_is_for_a_kind_without_a_line_belongs_to_none():
    text = "Rehabilitation of three armouries, and EUR 250 000 for the training of storekeepers."
    assert measures(text, STORES) == [((3, "armouries"), None)]


def test_a_measure_is_used_once_where_its_theme_is():
    pairs = [("tracing", "training"), ("marking", "training")]
    found = measures("Training of 24 operators of marking machines.", *pairs)
    assert found == [(None, None), ((24, "persons"), None)]


@pytest.mark.parametrize(
    "text",
    [
        "The police hold 31,000 rifles in 14 provinces since 2014. Marking machines are needed.",
        "24 officers patrol the border. Marking machines are needed.",
        "The training takes two weeks. Article 6 machines.",
        "6. Machines",
    ],
)
def test_what_counts_the_situation_is_no_measure(text):
    assert measures(text, TRAINING, EQUIPMENT) == [(None, None), (None, None)]


def test_what_is_ruled_out_is_no_measure():
    text = (
        "We lend six marking machines to the police of any State for a year. "
        "We do not pay USD 50,000 for training of 24 persons."
    )
    assert measures(text, EQUIPMENT, TRAINING, FUNDING, side="offer") == [
        ((6, "machines"), None),
        (None, None),
        (None, None),
    ]


def test_things_that_are_help_need_no_word_beside_them():
    assert measures("Padlocks: 40.", EQUIPMENT) == [((40, "locks"), None)]


def test_no_lines_have_no_measures():
    assert measures(MARKING["en"]) == []


def test_units_and_kinds_are_the_vocabularies():
    for group in ("given", "beside"):
        for unit, kinds in TABLE[group].items():
            assert unit in UNITS
            assert kinds
            assert all(kind in KINDS for kind in kinds)


def test_no_unit_stands_in_both_groups():
    assert not TABLE["given"].keys() & TABLE["beside"].keys()


def test_what_counts_the_situation_stands_in_neither():
    assert not {"weapons", "states", "years", "items"} & (TABLE["given"] | TABLE["beside"]).keys()
