"""Making and changing an offer as a donor does it, step by step and without JavaScript."""

import re
from collections.abc import Callable, Sequence

import pytest

from tests.pages.giving import HOSTILE, make_offer
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
TEXT = "We give 6 marking machines to police armouries in Western Africa and train 40 operators."


def offer_of(portal: Portal, offer_id: str) -> dict[str, object]:
    """The offer as its donor reads it through the API."""
    return dict(portal.api("donor").get("offers", f"/v1/offers/{offer_id}").body)


def test_an_offer_is_made_in_steps_that_are_each_kept(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor")
    donor.open("/offers/new")
    donor.send(title="Marking machines", description=TEXT, do="read")
    assert "What is understood" in donor.page.text
    assert donor.path == "/offers/new"
    donor.send(title="Marking machines", description=TEXT, do="save")
    assert donor.path.endswith("/edit/lines")
    made = donor.path.split("/")[2]
    assert offer_of(portal, made)["status"] == "draft"
    steps = [f"/offers/{made}/edit/{one}" for one in ("words", "lines", "where", "terms")]
    assert donor.links(f"/offers/{made}")[1:6] == [*steps, f"/offers/{made}"]
    assert "take-0" in donor.shown.text
    donor.send(do="take-0")
    taken = donor.page.forms[-1].values
    assert (taken["rows-0-theme"], "rows-1-theme" in taken) == ("marking", False)
    assert "take-0" not in donor.shown.text, "it is there already"
    donor.send(do="add")
    donor.send(do="remove-0")
    rows = {
        "rows-0-theme": "marking",
        "rows-0-kind": "training",
        "rows-0-capacity": "1,200",
        "rows-0-unit": "persons",
        "rows-0-amount": "10,000.50",
        "rows-0-currency": "usd",
    }
    donor.send(**rows, **{"rows-1-theme": "", "rows-1-kind": ""}, do="remove-1")
    donor.send(do="save")
    assert donor.path.endswith("/edit/where"), donor.page.text
    donor.send(start="02/03/2027", end="2027-12-31", do="save")
    assert "can be 2027-03-02 or 2027-02-03" in donor.page.text
    donor.send(regions="Western Africa", start="2027-01-01", do="save")
    assert donor.path.endswith("/edit/terms"), donor.page.text
    donor.send(do="add")
    donor.send(**{"rows-0-kind": "reporting", "rows-0-text": " "}, do="save")
    assert "Condition 1, What you ask for: Fill this in." in donor.page.text
    donor.send(**{"rows-0-text": "A report each year."}, do="save")
    assert donor.path == f"/offers/{made}", donor.page.text
    found = offer_of(portal, made)
    (line,) = found["provisions"]  # type: ignore[misc]
    assert (line["capacity"], line["amount"], line["currency"]) == (1200, 10000.5, "USD")
    assert found["eligibility"]["regions"] == ["Western Africa"]  # type: ignore[index]
    assert found["window"] == {"from": "2027-01-01", "to": "2027-12-31"}
    donor.send(f"/offers/{made}/step/submit")
    assert offer_of(portal, made)["status"] == "submitted"


def test_what_was_typed_stays_where_it_will_not_do(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor")
    donor.open("/offers/new")
    donor.send(title="", description=HOSTILE * 500)
    assert donor.status == 422
    assert donor.page.forms[-1].values["description"].strip().startswith(HOSTILE)
    page = f"/offers/{make_offer(portal)}/edit/lines"
    donor.open(page)
    donor.send(**{"rows-0-capacity": "many", "rows-1-currency": "XYZ"}, do="save")
    assert donor.status == 422
    assert donor.page.forms[-1].values["rows-0-capacity"] == "many"
    assert "This is not a number." in donor.page.text
    donor.send(**{"rows-0-capacity": "6"}, do="save")
    assert donor.status == 422
    assert donor.page.forms[-1].values["rows-1-currency"] == "XYZ"


def test_nothing_typed_is_lost_when_the_session_ended(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor", "es")
    pages = {
        "/offers/new": "title",
        f"/offers/{make_offer(portal)}/edit/words": "title",
        "/activities/new": "title",
    }
    session = donor.session.cookies.get("entraide-session")
    for page, field in pages.items():
        donor.open(f"{page}?language=es")
        donor.session.cookies.clear()
        donor.send("", **{field: "Estantes «de» ejemplo"})
        assert (donor.status, donor.path) == (403, page)
        donor.session.cookies.set("entraide-session", session, domain="127.0.0.1", path="/")
        donor.send("")
        assert donor.status == 422
        (form,) = (form for form in donor.page.forms if field in form.values)
        assert form.values[field] == "Estantes «de» ejemplo"


def test_the_same_form_sent_twice_makes_one_offer_and_one_line(
    portal: Portal, visitor: Visiting
) -> None:
    donor = visitor("donor")
    donor.open("/offers/new")
    form = dict(donor.page.forms[-1].values)
    typed = {**form, "title": "Twice", "description": TEXT, "do": "save"}
    answers = [
        donor.session.post(f"{donor.url}/offers/new", data=typed, timeout=60) for _ in range(2)
    ]
    assert answers[0].url == answers[1].url
    donor.open(answers[0].url.removeprefix(donor.url))
    lines = {
        **donor.page.forms[-1].values,
        "rows-0-theme": "marking",
        "rows-0-kind": "equipment",
        "rows-0-capacity": "6",
        "do": "save",
    }
    for _ in range(2):
        answer = donor.session.post(answers[0].url, data=lines, timeout=60)
        assert answer.url.endswith("/edit/where")
    assert len(offer_of(portal, answers[0].url.split("/")[4])["provisions"]) == 1  # type: ignore[arg-type]


def test_a_stale_form_shows_both_and_replaces_only_when_told_again(
    portal: Portal, visitor: Visiting
) -> None:
    made = make_offer(portal)
    first, second = visitor("donor"), visitor("donor")
    for browser in (first, second):
        browser.open(f"/offers/{made}/edit/words")
    first.send(title="The first title", do="save")
    second.send(title="The second title", do="save")
    assert second.status == 409
    assert "The first title" in second.page.text
    assert second.page.forms[-1].values["title"] == "The second title"
    assert offer_of(portal, made)["title"] == "The first title"
    second.send(do="save")
    assert offer_of(portal, made)["title"] == "The second title"


def test_what_stands_now_is_said_in_the_readers_words(portal: Portal, visitor: Visiting) -> None:
    made = make_offer(portal)
    steps: dict[str, tuple[dict[str, object], Sequence[str]]] = {
        "words": ({"title": "Le premier titre"}, ["Le premier titre", "anglais"]),
        "lines": (
            {"rows-0-amount": "1250,5", "rows-0-currency": "EUR"},
            ["Marquage", "Équipement", "1\u202f250,50\xa0€"],
        ),
        "where": (
            {"countries": ["SEN"], "regions": [], "start": "2027-01-02", "end": "2027-12-30"},
            ["Sénégal", "2 janv. 2027", "30 déc. 2027"],
        ),
        "terms": (
            {
                "rows-0-text": "Dites-le-nous.",
                "amount": "2000",
                "currency": "EUR",
                "gender_marker": "significant",
                "public": "public",
            },
            [
                *("Établissement de rapports", "Dites-le-nous.", "2\u202f000\xa0€"),
                *("Égalité des genres, objectif significatif", "Tout le monde"),
            ],
        ),
    }
    for step, (typed, now) in steps.items():
        first, second = visitor("donor"), visitor("donor")
        for browser in (first, second):
            browser.open(f"/offers/{made}/edit/{step}?language=fr")
        first.send(**typed, do="save")
        second.send(do="save")
        assert second.status == 409, step
        (said,) = re.findall(r'<dl class="facts">(.*?)</dl>', second.shown.text, re.S)
        for words in now:
            assert words in said, (step, words)


def test_only_its_donor_changes_an_offer(portal: Portal, visitor: Visiting) -> None:
    made = portal.offers["E-O02"]
    for role, status in (("donor", 403), ("coordinator", 403), ("requester", 403)):
        browser = visitor(role)
        browser.open(f"/offers/{made}/edit/words")
        assert browser.status == status, role


def test_numbers_are_read_as_the_reader_writes_them(portal: Portal, visitor: Visiting) -> None:
    made = make_offer(portal)
    donor = visitor("donor", "fr")
    donor.open(f"/offers/{made}/edit/lines?language=fr")
    donor.send(**{"rows-1-amount": "1 250,75"}, do="save")
    assert offer_of(portal, made)["provisions"][1]["amount"] == 1250.75  # type: ignore[index]


@pytest.mark.parametrize(
    ("language", "name"),
    [("ar", "آلات"), ("en", "machines"), ("fr", "machines"), ("ru", "станков")],
)
def test_a_unit_is_read_by_the_name_that_is_shown(
    portal: Portal, visitor: Visiting, language: str, name: str
) -> None:
    made, donor = make_offer(portal), visitor("donor", language)
    donor.open(f"/offers/{made}/edit/lines?language={language}")
    assert donor.page.forms[-1].values["rows-0-unit"] == name
    assert f'<option value="{name}">' in donor.shown.text
    before = offer_of(portal, made)["provisions"]
    donor.send(do="save")
    assert offer_of(portal, made)["provisions"] == before
    donor.open(f"/offers/{made}/edit/lines?language={language}")
    donor.send(**{"rows-0-unit": "crates of six"}, do="save")
    assert offer_of(portal, made)["provisions"][0]["unit"] == "crates of six"  # type: ignore[index]


def test_a_currency_is_typed_by_its_name_and_asked_about(portal: Portal, visitor: Visiting) -> None:
    made, donor = make_offer(portal), visitor("donor")
    donor.open(f"/offers/{made}/edit/lines")
    assert donor.page.forms[-1].values["rows-1-currency"] == "Euro (EUR)"
    assert '<option value="US Dollar (USD)">' in donor.shown.text
    donor.send(**{"rows-1-currency": "francs"}, do="save")
    assert donor.status == 422
    assert "Swiss Franc (CHF)" in donor.page.text
    assert donor.page.forms[-1].values["rows-1-currency"] == "francs"
    donor.send(**{"rows-1-currency": "francs suisses"}, do="save")
    assert offer_of(portal, made)["provisions"][1]["currency"] == "CHF"  # type: ignore[index]


def test_a_file_is_attached_and_comes_back_as_it_was(portal: Portal, visitor: Visiting) -> None:
    made, donor = make_offer(portal), visitor("donor")
    donor.open(f"/offers/{made}")
    donor.send(f"/offers/{made}/files", files={"file": ("terms.txt", b"The terms.")})
    assert "The file is attached." in donor.page.text, donor.page.text
    (link,) = donor.links(f"/offers/{made}/files/")
    answer = donor.session.get(donor.url + link, timeout=60)
    assert answer.content == b"The terms."
    assert answer.headers["Content-Disposition"].startswith("attachment")
    donor.send(f"/offers/{made}/files", files={"file": ("x.pdf", b"MZ no document")})
    assert "This file cannot be taken" in donor.page.text
    donor.send(f"/offers/{made}/files", files={"file": ("x.txt", b"x" * (10 * 1024 * 1024 + 1))})
    assert "too large" in donor.page.text
    donor.send(f"{link}/remove")
    assert "The file is removed." in donor.page.text
    assert donor.links(f"/offers/{made}/files/") == []
