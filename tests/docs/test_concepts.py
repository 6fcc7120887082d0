"""The glossary has the field's terms that the code goes by: of people, records, events, codes."""

import re
from pathlib import Path

from shared.events.topics import TYPES
from shared.vocabulary.kinds import KINDS
from shared.web.identity import ROLES
from shared.web.visibility import LEVELS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "concepts.md").read_text()
HEADWORDS = {
    word.strip(" ()").casefold()
    for line in re.findall(r"^\*\*(.+)\*\*\n:   \S", TEXT, re.MULTILINE)
    for word in re.split(r"[,(]", line)
}


def test_every_word_has_its_sentence() -> None:
    assert len(re.findall(r"^\*\*.+\*\*$", TEXT, re.MULTILINE)) == len(
        re.findall(r"^\*\*.+\*\*\n:   \S", TEXT, re.MULTILINE)
    )


def test_the_names_that_the_code_is_written_in_are_there() -> None:
    said = re.search(r"field's terms: ([^.]+)\.", (ROOT / "CONTRIBUTING.md").read_text())
    assert said is not None
    names = set(re.split(r"[,;] ", said[1]))
    assert len(names) > 8
    assert names <= HEADWORDS


def test_whatever_has_events_is_there() -> None:
    nouns = {one.split(".")[1] for types in TYPES.values() for one in types}
    assert len(nouns) > 10
    assert nouns <= HEADWORDS


def test_codes_and_topics_are_named_as_they_are() -> None:
    for role in ROLES:
        assert re.search(rf"\b{role}\b", TEXT), role
    for code in (*KINDS.codes(), *LEVELS, *TYPES):
        assert re.search(rf"\b{re.escape(code)}\b", TEXT), code
