"""Lists as files, as they are saved from a running portal."""

import csv
import io
import json
from collections.abc import Callable

import pytest

from services.portal.pages.exports.queries import LISTS, ROLES
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
OF_ONE_RECORD = {"allocated", "unmet", "trail"}


def rows_of(visitor: Visitor, path: str) -> list[dict[str, str]]:
    """The rows of a CSV file by the HXL tags of its columns."""
    visitor.open(path)
    assert visitor.status == 200, visitor.shown.text
    visitor.shown.encoding = "utf-8-sig"
    _header, tags, *rows = csv.reader(io.StringIO(visitor.shown.text))
    return [dict(zip(tags, row, strict=True)) for row in rows]


@pytest.mark.parametrize("role", ["requester", "donor", "coordinator", "auditor", "operator"])
def test_every_list_of_a_role_can_be_saved(portal: Portal, visitor: Visiting, role: str) -> None:
    reader = visitor(role)
    offered = reader.open("/exports") and reader.links("/exports/")
    for name in sorted(LISTS.keys() - OF_ONE_RECORD):
        own = role in ROLES.get(name, (role,))
        assert (f"/exports/{name}.csv" in offered) == own
        if own:
            rows_of(reader, f"/exports/{name}.csv")
            reader.open(f"/exports/{name}.jsonl")
            assert reader.status == 200, (name, reader.shown.text)
            assert all(json.loads(line) for line in reader.shown.text.splitlines())


def test_the_filters_of_a_page_are_those_of_its_file(portal: Portal, visitor: Visiting) -> None:
    auditor = visitor("auditor")
    auditor.open("/requests?theme=marking&country=all")
    (link,) = auditor.links("/exports/requests.csv")
    rows = rows_of(auditor, link)
    found = list(portal.api("auditor").items("requests", "/v1/requests", theme="marking"))
    assert {row["#meta+id"] for row in rows} == {str(one["id"]) for one in found}
    assert len(rows) == sum(max(1, len(one["needs"])) for one in found)  # type: ignore[arg-type]
    state = visitor("requester")
    assert {row["#country+v_iso3+code"] for row in rows_of(state, "/exports/requests.csv")} == {
        portal.state
    }


def test_what_waits_in_the_queue_is_saved_as_it_is_filtered(
    portal: Portal, visitor: Visiting
) -> None:
    coordinator = visitor("coordinator")
    coordinator.open(f"/review?place={portal.state}&best=1")
    (link,) = coordinator.links("/exports/proposals.csv")
    rows = rows_of(coordinator, link)
    assert rows
    assert {row["#country+v_iso3+code"] for row in rows} == {portal.state}
    assert all(row["#activity+request+name"] and row["#org+funder+name"] for row in rows)
    requests = [row["#activity+request+id"] for row in rows]
    assert len(set(requests)) == len(requests)
    coordinator.open("/exports/offers.csv?of=queue")
    assert coordinator.status == 404


def test_what_is_public_is_saved_by_anybody_and_nothing_else_is(
    portal: Portal, visitor: Visiting
) -> None:
    nobody = visitor()
    shown = {row["#meta+id"] for row in rows_of(nobody, "/public/exports/requests.csv")}
    assert shown == {
        str(one["id"]) for one in portal.api("operator").items("requests", "/v1/public/requests")
    }
    nobody.open("/exports/requests.csv")
    assert nobody.path == "/sign-in"
