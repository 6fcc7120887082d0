"""The texts of pages and mails: none is untranslated, none has lost what is filled into it."""

import re
from pathlib import Path

import pytest

from services.portal import catalogues
from services.portal.catalogues import (
    DIRECTORY,
    ROOMS,
    TRANSLATED,
    differing,
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


@pytest.mark.parametrize("language", TRANSLATED)
def test_rooms_translate_a_text_in_one_way(language: str) -> None:
    assert list(differing(language)) == []


def test_two_translations_of_one_text_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for room, said in (("", "Gauche"), ("other", "Restant")):
        (tmp_path / room).mkdir(exist_ok=True)
        context = f'msgctxt "{room}"\nmsgid "Taken"\nmsgstr "{said}"\n'
        text = f'msgid "Left"\nmsgstr "{said}"\n\n{context}'
        (tmp_path / room / "fr.po").write_text(text, "utf-8")
    monkeypatch.setattr(catalogues, "DIRECTORY", tmp_path)
    monkeypatch.setattr(catalogues, "ROOMS", ("", "other"))
    assert list(differing("fr")) == ["Left (portal: Gauche; other: Restant)"]


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogues_have_what_the_pages_say_and_nothing_else(language: str, room: str) -> None:
    said = {(message.context, message.id) for message in texts(room) if message.id}
    catalogue = read_catalogue(language, room)
    assert {(message.context, message.id) for message in catalogue if message.id} == said
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
        own = re.sub(r"%\(\w+\)s", "", str(message.id))
        if re.search(r"[^\W\d_]", own):  # one that only joins what is filled in has no script
            assert re.search(script, message.string), message.id
