"""Codes, numbers and times as they are read."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from markupsafe import Markup

from services.portal.letters import moment_in
from services.portal.pages import wording
from services.portal.pages.frame import moment


@pytest.mark.parametrize(
    ("language", "whole", "parts"),
    [
        ("en", "$210,000", "€1,200.50"),
        ("fr", "210\u202f000\u00a0$US", "1\u202f200,50\u00a0€"),
        (
            "ar",
            "\u2068\u200f210,000\u00a0\u2068US$\u2069\u2069",
            "\u2068\u200f1,200.50\u00a0\u2068€\u2069\u2069",
        ),
    ],
)
def test_money_is_whole_where_it_is_whole(
    app: Flask, language: str, whole: str, parts: str
) -> None:
    with app.test_request_context(f"/?language={language}"):
        assert wording.money(21_000_000) == whole
        assert wording.money(120_050, "EUR") == parts


def test_what_is_no_code_is_shown_as_it_is(app: Flask) -> None:
    with app.test_request_context("/?language=fr"):
        assert wording.country("SEN") == "Sénégal"
        assert wording.country("XXX") == "XXX"
        assert wording.quantity(3, "kites") == "3 kites"
        assert wording.quantity(2, "toolkits") == wording.quantity(2, "sets") == "2 lots"
        assert wording.counted_in("toolkits") == wording.counted_in("sets") == "lots"
        assert wording.counted_in("kites") == "kites"
        assert wording.counted_in("USD") == "USD"
        assert wording.status("circulated") == "Distribuée"
        assert wording.status("unheard-of") == "unheard-of"


@pytest.mark.parametrize(
    ("language", "over", "under"),
    [("en", "over 99%", "under 1%"), ("fr", "plus de 99\u00a0%", "moins de 1\u00a0%")],
)
def test_a_probability_is_never_told_as_certain(
    app: Flask, language: str, over: str, under: str
) -> None:
    with app.test_request_context(f"/?language={language}"):
        assert [wording.probability(one) for one in (0.995, 1.0)] == [over, over]
        assert [wording.probability(one) for one in (0.005, 0.0)] == [under, under]
        for kept in (0.006, 0.42, 0.99, 0.994):
            assert wording.probability(kept) == wording.share(kept)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Nov 3, 2026, 14:05 UTC"),
        ("es", "3 nov 2026, 14:05 UTC"),
        ("fr", "3 nov. 2026, 14:05 UTC"),
        ("zh", "2026年11月3日 14:05 UTC"),
    ],
)
def test_a_moment_is_told_to_the_minute_of_a_day_of_24_hours(
    app: Flask, language: str, told: str
) -> None:
    when = datetime(2026, 11, 3, 14, 5, 59, tzinfo=UTC)
    with app.test_request_context(f"/?language={language}"):
        assert moment(when) == moment(when.replace(tzinfo=None)) == told
    assert moment_in(language, when.astimezone(timezone(timedelta(hours=9)))) == told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "&lt;a&gt;, <b>b</b>, and {0}"),
        ("ar", "&lt;a&gt; و<b>b</b> و{0}"),
        ("zh", "&lt;a&gt;、<b>b</b>和{0}"),
    ],
)
def test_lists_have_the_commas_of_the_language(app: Flask, language: str, told: str) -> None:
    with app.test_request_context(f"/?language={language}"):
        assert wording.listed(["<a>", Markup("<b>b</b>"), "{0}"]) == told
        assert wording.listed([]) == ""


def test_a_day_may_be_a_text(app: Flask) -> None:
    with app.test_request_context("/?language=en"):
        assert wording.day("2026-11-03") == "Nov 3, 2026"
        assert wording.day("2026-11-03T08:00:00+00:00") == "Nov 3, 2026"
        assert wording.day(None) == ""


@pytest.mark.parametrize(
    ("language", "direction"), [("ar", "rtl"), ("zh", "ltr"), (None, "auto"), ("", "auto")]
)
def test_texts_run_as_their_language_does(language: str | None, direction: str) -> None:
    assert wording.direction(language) == direction


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\u2069\u202eturned", "\u202eturned"),
        ("\u2067open", "\u2067open\u2069"),
        ("\u2066one\u2069 \u2068two\u2069", "\u2066one\u2069 \u2068two\u2069"),
        ("a\u2069\u2068b\u2069\u2069c", "a\u2068b\u2069c"),
    ],
)
def test_no_text_ends_the_isolate_that_it_stands_in(app: Flask, text: str, shown: str) -> None:
    assert wording.balanced(text) == shown
    assert wording.isolated(text) == f"\u2068{shown}\u2069"
    with app.test_request_context("/"):
        page = app.jinja_env.from_string("<bdi>{{ text }}</bdi>").render(text=text)
    assert page == f"<bdi>{shown}</bdi>"
    assert wording.balanced(7) == 7


def test_a_quantity_is_in_the_case_of_its_place(app: Flask) -> None:
    with app.test_request_context("/?language=ru"):
        assert wording.quantity(2, "kits") == "2 комплекта"
        assert wording.quantity(2, "kits", of=True) == "2 комплектов"
        assert wording.told(1, "quantity", "months") == "1 месяц"
        assert wording.told(1, "quantity", "months", of=True) == "1 месяца"


def test_a_share_is_written_alike_by_itself_and_after_a_word(app: Flask) -> None:
    with app.test_request_context("/?language=ar"):
        assert wording.share(0.37) == "\u206837%\u2069"
        assert wording.share(0.99) in wording.probability(1)
    with app.test_request_context("/?language=fr"):
        assert wording.share(0.37) == "37\u00a0%"


def test_a_quantity_without_a_unit_is_a_number(app: Flask) -> None:
    with app.test_request_context("/?language=en"):
        assert wording.quantity(1500, None) == wording.quantity(1500, "") == "1,500"


def test_a_line_without_a_unit_does_not_name_one(app: Flask) -> None:
    with app.test_request_context("/?language=fr"):
        assert wording.counted_in("unspecified") == ""
        assert wording.counted_in("whole") == "en parts de 1, soit la ligne entière"
