"""What anybody reads without an account and without scripts, through the running stack."""

import csv
import io
import uuid
from typing import Any

import pytest

from deploy.local.servers import wait_until
from tests.pages.running import Portal

pytestmark = pytest.mark.journey


def a_request(portal: Portal, **members: Any) -> str:
    """A circulated request of the requester's State; its id."""
    body = {
        "title": "Machines",
        "description": "Four machines.",
        "language": "en",
        "country": portal.state,
        "confidentiality": "public",
        "needs": [{"theme": "marking", "kind": "equipment", "quantity": 4, "unit": "machines"}],
        **members,
    }
    operator = portal.api("operator")
    made = operator.post("requests", "/v1/requests", body)
    for step, role in (
        ("submit", "operator"),
        ("authenticate", "coordinator"),
        ("circulate", "operator"),
    ):
        sent = {"consent": "express"} if step == "circulate" else None
        path = f"/v1/requests/{made.body['id']}/{step}"
        made = portal.api(role).post("requests", path, sent, if_match=made.etag)
    return str(made.body["id"])


def word() -> str:
    """A word that stands nowhere else."""
    return f"zq{uuid.uuid4().hex[:12]}"


def test_what_is_public_is_found_by_words_and_filters_and_nothing_else(portal: Portal) -> None:
    shown, hidden, secret, site = word(), word(), word(), word()
    lines = [
        {"theme": "marking", "kind": "equipment", "quantity": 4, "sites": [site]},
        {"theme": "ddr", "kind": "funding", "sites": [secret], "visibility": "parties"},
    ]
    found = a_request(portal, title=f"Open {shown}", needs=lines)
    a_request(portal, title=f"Closed {hidden}", confidentiality="restricted")
    anybody = portal.visitor()
    page = anybody.open(f"/public/requests?q={shown}&theme=marking&country={portal.state}")
    assert shown in page.text
    assert anybody.links("/public/requests/") == [f"/public/requests/{found}"]
    for query in (f"q={hidden}", f"q={secret}", f"q={shown}&theme=ddr", f"q={shown}&kind=funding"):
        page = anybody.open(f"/public/requests?{query}")
        assert "Nothing fits this choice" in page.text, query
    page = anybody.open(f"/public/requests/{found}")
    assert shown in page.text
    assert site in page.text
    assert secret not in page.text
    anybody.open("/public/requests?q=!!")
    assert anybody.status == 422


@pytest.mark.parametrize("level", ["restricted", "coordinators"])
def test_a_record_that_is_not_public_is_not_there(portal: Portal, level: str) -> None:
    anybody = portal.visitor()
    anybody.open(f"/public/requests/{a_request(portal, confidentiality=level)}")
    assert anybody.status == 404


def test_nothing_that_was_written_runs_or_turns_the_page(portal: Portal) -> None:
    evil = f"<script>alert(1)</script>\u202e{word()}"
    found = a_request(portal, title=evil, description=evil * 40)
    anybody = portal.visitor()
    anybody.open(f"/public/requests/{found}")
    assert "<script>alert" not in anybody.shown.text
    assert anybody.shown.headers["Cache-Control"] == "public, max-age=60"
    for query in ("q=" + "x" * 3000, "theme=%3Cscript%3E", "cursor=x", "region=no-such"):
        anybody.open(f"/public/offers?{query}")
        assert anybody.status in (200, 422), query


def test_charts_are_tables_and_files_alike(portal: Portal) -> None:
    anybody = portal.visitor()
    page = anybody.open("/public/figures")
    files = anybody.links("/public/figures/")
    for name in ("themes", "regions", "coverage", "times", "duplicates"):
        assert f"/public/figures/{name}.csv" in files
        anybody.open(f"/public/figures/{name}.csv")
        assert anybody.shown.headers["Content-Type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(anybody.shown.content.decode("utf-8-sig"))))
        assert all(tag.startswith("#") for tag in rows[1])
        for row in rows[2:]:
            assert row[0] in page.text


def test_the_map_has_its_table_and_says_what_it_does_not_say(portal: Portal) -> None:
    page = portal.visitor(language="fr").open("/public/map")
    assert "n’expriment aucune opinion" in page.text
    a_request(portal)
    anybody = portal.visitor()

    def shown() -> bool:  # figures are reckoned by a worker, and kept for a minute by who asks
        anybody.open("/public/map")
        return bool(anybody.links(f"/public/requests?country={portal.state}"))

    wait_until(shown, 240, f"{portal.state} on the map")
    # Small screens and paper have no numbers in the circles: no word may say that they stand there.
    assert "the table below has the numbers" in anybody.page.text
    assert "in it" not in anybody.page.text


def test_an_activity_becomes_public_by_its_donors_word(portal: Portal) -> None:
    title = word()
    donor = portal.visitor("donor")
    donor.open("/activities/new?language=es")
    assert "Quién puede verlo" in donor.page.text
    told = {
        "title": title,
        "description": "Two weeks.",
        "language": "en",
        "country": portal.state,
        "theme": "marking",
        "kind": "training",
        "status": "ongoing",
    }
    donor.send(**told)
    path = donor.path
    anybody = portal.visitor()
    assert title not in anybody.open(f"/public/activities?q={title}&theme=marking").text
    donor.open(f"{path}/edit")
    donor.send(public="public")
    donor.open(f"{path}/edit")
    (form,) = (form for form in donor.page.forms if form.action == "")
    assert form.values["public"] == "public"
    assert title in anybody.open(f"/public/activities?q={title}").text
    assert anybody.open(f"/public{path}").text.count(title) >= 1
