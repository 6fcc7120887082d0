"""Whatever code a service refuses something by, pages say why in the reader's language."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import services
import shared
from services.matcher.shortages import NOT_ENOUGH_LEFT, REFUSED
from services.portal.catalogues import TRANSLATED, translations
from services.portal.pages.allocation.accepting import REFUSALS as WITHIN
from services.portal.pages.refusals import UNSAID, WORDS, faults, refusal
from services.portal.services import RefusedError

ROOTS = (
    *(Path(services.__path__[0]) / name for name in ("requests", "offers", "matcher")),
    *(Path(shared.__path__[0]) / name for name in ("web", "registers", "attachments")),
)
PORTAL = Path(services.__path__[0]) / "portal"
"""Its own pages show what it refuses as things stand; its API has English alone."""
PLACES = {
    "conflict": 0,
    "coded_error": 0,
    "invalid_field": 2,
    "FieldError": 2,
    "Problem": 1,
    "require_pace": 3,
    "FileError": 0,
    "Fault": 1,
    "Refused": 0,
    "_refused": 1,
    "_invalid": 1,
}
"""Where functions that refuse take the code, counted from 0."""


def codes() -> Iterator[tuple[str, str]]:
    """Every code that stands in the services' sources, with the place where it does."""
    for root in ROOTS:
        for path in sorted(root.rglob("*.py")):
            yield from _codes_in(path, PLACES)
    for path in sorted(PORTAL.rglob("*.py")):
        if not path.is_relative_to(PORTAL / "api"):
            yield from _codes_in(path, {"conflict": PLACES["conflict"]})


def _codes_in(path: Path, places: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        place = places.get(name)
        if place is None:
            continue
        given = node.args[place : place + 1] or [
            one.value for one in node.keywords if one.arg == "code"
        ]
        for one in given:
            # One that is made up or handed on stands elsewhere as it is, or is named below.
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value, f"{path}:{node.lineno}"


MADE_UP = frozenset(
    {
        # shared/web/field_errors.py: what marshmallow finds, and codes of vocabularies
        *("required", "null", "type", "invalid", "unknown", "unknown-code", "retired-code"),
        # shared/registers/merging_rules.py, by what owns a register's records
        *("other-country", "other-organisation"),
        # shared/web/problems.py, as a constant that alerts name too
        "being-found",
        # services/matcher, as a constant: which line has too little left
        "not-enough-left",
        # services/matcher/application_checks.py, by what of a line a call does not pay for
        *("theme", "kind"),
    }
)


def test_the_sources_have_codes() -> None:
    assert len({code for code, _ in codes()}) > 80


def test_no_code_is_without_words() -> None:
    lacking = sorted({f"{code} ({place})" for code, place in codes() if code not in WORDS})
    lacking = [one for one in lacking if one.split(" ")[0] not in UNSAID]
    assert lacking == []
    assert MADE_UP - WORDS.keys() == set()


def test_no_words_are_for_codes_that_are_no_more() -> None:
    assert WORDS.keys() - {code for code, _ in codes()} - MADE_UP == set()


def codes_of_an_allocation() -> Iterator[str]:
    """Why nothing is held of a proposal: what `Refusal` is made of in the matcher, and the codes
    of commitments that were refused."""
    source = Path(services.__path__[0]) / "matcher" / "acceptance.py"
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
            code = node.args[0]
            if isinstance(code, ast.Constant):
                yield str(code.value)
    yield from (NOT_ENOUGH_LEFT, REFUSED)


def test_no_code_within_an_allocation_is_without_words() -> None:
    found = set(codes_of_an_allocation())
    assert {"gone", "declined", "alliance"} <= found
    assert found <= WITHIN.keys() | WORDS.keys()


@pytest.mark.parametrize("language", TRANSLATED)
def test_words_are_translated(language: str) -> None:
    known = translations()[language]
    for code, words in [*WORDS.items(), *WITHIN.items()]:
        said = str(words)
        assert known.gettext(said) != said, code


def test_a_code_that_nobody_knows_is_said_in_the_services_words() -> None:
    problem = {
        "type": "urn:entraide:problem:of-tomorrow",
        "detail": "This came later.",
        "errors": [
            {"field": "needs[0].unit", "message": "No such unit.", "code": "of-tomorrow"},
            {"field": "title", "message": "Blank.", "code": "blank"},
        ],
    }
    error = RefusedError("requests", 409, problem)
    assert "This came later." in refusal(error)
    assert [field for field, _ in faults(error)] == ["needs[0].unit", "title"]
    assert [words for _, words in faults(error)][1] != "Blank."
