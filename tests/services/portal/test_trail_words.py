"""Whatever code a trail, a dead letter, an activity file or a token has, pages say it in words."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask

import services
import shared
from services.matcher import (
    alliance_rules,
    application_rules,
    coverage_rules,
    domain,
    embargo_rules,
    joining_rules,
)
from services.portal.catalogues import TRANSLATED, translations
from services.portal.domain.scopes import SCOPES
from services.portal.pages.administration.operations import REASONS
from services.portal.pages.administration.trail_words import (
    ACTIONS,
    NOTED,
    STATES,
    reason_name,
    state_name,
    step_name,
    who,
)
from services.portal.pages.forms import SCOPE_NAMES
from services.portal.pages.offers.iati import NOTES
from services.portal.state_names import STATUSES
from shared import lifecycle
from shared.lifecycle import Lifecycle
from shared.vocabulary.lists import ACTIVITY_STATUSES

RULES = (
    *(lifecycle, domain, coverage_rules, alliance_rules),
    *(joining_rules, embargo_rules, application_rules),
)
LIFECYCLES = [one for rules in RULES for one in vars(rules).values() if isinstance(one, Lifecycle)]
PLACES = {"transition": 0, "_tell": 1, "advance": 1, "tell": 1, "take_step": 2, "take_step_as": 2}
"""Where functions that lengthen a history take the step, counted from 0."""
BESIDE = frozenset(
    {
        *domain.STAYING,
        *("assemble", "agree"),  # services/matcher/api/applications.py
        *("record", "amend"),  # services/matcher/embargoes.py
        *("confirm", "remove", "erase"),  # shared/registers/contacts.py
        *("show-endorsement", "hide-endorsement"),  # services/requests/domain/endorsements.py
        *("join", "decline"),  # services/matcher/alliances.py
    }
)
"""Steps that stand in the sources otherwise."""


def calls(*roots: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in sources, with the name of what is called."""
    for path in sorted(path for root in roots for path in root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def words_at(node: ast.Call, place: int | None, keyword: str) -> Iterator[str]:
    """The text that stands there as it is, in a place or by its name."""
    given = [] if place is None else node.args[place : place + 1]
    for one in given or [one.value for one in node.keywords if one.arg == keyword]:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def told() -> Iterator[str]:
    """The steps that stand in the sources of the registers and the matcher."""
    of_services = (Path(services.__path__[0]) / one for one in ("requests", "offers", "matcher"))
    of_shared = (Path(shared.__path__[0]) / one for one in ("registers", "attachments"))
    for name, node in calls(*of_services, *of_shared):
        if name in PLACES or name == "Transition":
            yield from words_at(node, PLACES.get(name), "action")


def test_every_step_has_words() -> None:
    steps = {step for one in LIFECYCLES for step in one.steps} | set(told())
    assert len(LIFECYCLES) >= 11
    assert {"find", "attach", "bar", "strike", "circulate"} <= steps
    assert sorted((steps | BESIDE) - ACTIONS.keys()) == []
    assert sorted(ACTIONS.keys() - steps - BESIDE) == []
    assert "read" in NOTED


def test_every_state_has_words() -> None:
    states = {state for one in LIFECYCLES for state in {*one.states, one.initial}}
    states |= {"confirmed", "unnamed", "erased"}  # shared/registers/contacts.py
    known = STATUSES.keys() | STATES.keys() | set(ACTIVITY_STATUSES.codes())
    assert sorted(states - known) == []
    assert sorted(STATES.keys() - states) == []


def test_who_took_a_step_has_a_name(app: Flask) -> None:
    with app.test_request_context("/?language=fr"):
        assert who("requester", "SEN", {}) == ("État demandeur", "Sénégal")
        assert who("donor", "acme", {"acme": "Acme"}) == ("Donateur", "Acme")
        assert who("matcher", None, {}) == ("Automatiquement", "")
        assert who(None, None, {}) == ("", "")
        assert reason_name("met") == "Le besoin est satisfait"
        assert reason_name("file-1") == ""
        assert step_name("of-tomorrow", "step") == "of-tomorrow"
        assert state_name("of-tomorrow") == "of-tomorrow"


def test_every_reason_of_a_dead_letter_has_words() -> None:
    found = {
        code
        for name, node in calls(Path(shared.__path__[0]) / "events")
        for code in words_at(
            node, {"InvalidEvent": 0, "reject": 1, "Rejected": 1}.get(name), "reason"
        )
        if name in ("InvalidEvent", "reject", "Rejected")
    }
    assert found | {"unreadable"} == REASONS.keys()


def test_every_note_on_an_activity_file_has_words() -> None:
    root = Path(services.__path__[0]) / "offers"
    found = {
        code for name, node in calls(root) if name == "Note" for code in words_at(node, 0, "code")
    }
    assert found | {"title-cut", "description-cut"} == NOTES.keys()


def test_every_scope_has_words() -> None:
    assert SCOPE_NAMES.keys() == set(SCOPES)


WORDS: Mapping[str, Mapping[str, object]] = {
    "steps": ACTIONS,
    "notes": NOTED,
    "states": STATES,
    "letters": REASONS,
    "files": NOTES,
    "scopes": SCOPE_NAMES,
}


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("kind", WORDS)
def test_words_are_translated(kind: str, language: str) -> None:
    known = translations()[language]
    for code, words in WORDS[kind].items():
        said = str(words)
        assert {known.gettext(said), known.pgettext("case", said)} != {said}, code
