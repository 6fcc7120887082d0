"""The texts of pages and mails: none is untranslated, none has lost what is filled into it."""

import re

import pytest

from services.portal.catalogues import (
    DIRECTORY,
    ROOMS,
    TRANSLATED,
    read_catalogue,
    texts,
    untranslated,
)


def test_the_pages_have_texts() -> None:
    assert len(texts()) > 100
    for room in ROOMS:
        assert {path.stem for path in (DIRECTORY / room).glob("*.po")} == set(TRANSLATED), room


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_is_untranslated(language: str, room: str) -> None:
    assert list(untranslated(language, room)) == []


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogues_have_what_the_pages_say_and_nothing_else(language: str, room: str) -> None:
    said = {message.id for message in texts(room) if message.id}
    catalogue = read_catalogue(language, room)
    assert {message.id for message in catalogue if message.id} == said
    assert not catalogue.obsolete


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_fill_in_the_same(language: str, room: str) -> None:
    for message in read_catalogue(language, room):
        if message.id:
            places = re.findall(r"%\(\w+\)s", message.id)
            assert sorted(places) == sorted(re.findall(r"%\(\w+\)s", message.string)), message.id


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize(
    ("language", "script"),
    [("ar", r"[\u0600-\u06ff]"), ("ru", r"[\u0400-\u04ff]"), ("zh", r"[\u4e00-\u9fff]")],
)
def test_translations_are_in_their_script(language: str, script: str, room: str) -> None:
    for message in read_catalogue(language, room):
        if message.id:
            assert re.search(script, message.string), message.id
