"""Where the commands find services elsewhere, and by which token."""

from pathlib import Path

import click
import pytest

from deploy.cli.target import find_target
from tests.answering import Service

ELSEWHERE = {
    f"ENTRAIDE_URL_{name}": f"https://{name.lower()}.example.org"
    for name in ("REQUESTS", "OFFERS", "MATCHER")
}


def test_a_role_has_its_own_token_where_one_is_named(tmp_path: Path) -> None:
    tokens = {"ENTRAIDE_TOKEN": "general", "ENTRAIDE_TOKEN_COORDINATOR": "own"}
    target = find_target(tmp_path, ELSEWHERE | tokens)
    assert [target.token("operator"), target.token("coordinator")] == ["general", "own"]
    assert target.urls["requests"] == "https://requests.example.org"


def test_an_api_token_is_exchanged_at_the_portal(tmp_path: Path) -> None:
    with Service() as portal:
        portal.says(200, {"access_token": "bought", "expires_in": 300})
        tokens = {"ENTRAIDE_TOKEN": "entraide_a", "ENTRAIDE_URL_PORTAL": portal.url}
        target = find_target(tmp_path, ELSEWHERE | tokens)
        assert [target.token("operator"), target.token("donor")] == ["bought", "bought"]
    assert len(portal.heard) == 1


@pytest.mark.parametrize("name", ["ENTRAIDE_TOKEN", "ENTRAIDE_TOKEN_COORDINATOR"])
def test_an_api_token_without_a_portal_is_told(tmp_path: Path, name: str) -> None:
    tokens = {"ENTRAIDE_TOKEN": "general", name: "entraide_a"}
    with pytest.raises(click.UsageError, match="set ENTRAIDE_URL_PORTAL too"):
        find_target(tmp_path, ELSEWHERE | tokens)
