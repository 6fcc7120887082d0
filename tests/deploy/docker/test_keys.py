"""Making a token issuer's keys."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.docker.keys import add_key, main
from shared.web.identity import Identity
from shared.web.keys import FileKeys
from shared.web.tokens import issue_token, read_private_key
from shared.web.verification import TokenChecker


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_tokens_of_every_key_in_the_set_are_believed(tmp_path: Path) -> None:
    private, second = tmp_path / "issuer.jwk", tmp_path / "second.jwk"
    key_set = tmp_path / "keys" / "jwks.json"
    key_ids = [add_key(private, key_set), add_key(second, key_set)]
    assert (mode(private), mode(second), mode(key_set)) == (0o600, 0o600, 0o644)
    source = FileKeys(key_set)
    assert all(source.find(key_id) is not None for key_id in key_ids)
    now = datetime.now(UTC)
    checker = TokenChecker(source, "entraide", "entraide", lambda: now, b"key")
    auditor = Identity(subject="s", role="auditor", state=None, organisation=None)
    for path in (private, second):
        token = issue_token(read_private_key(path.read_text()), auditor, timedelta(minutes=5), now)
        assert checker.check(f"Bearer {token}").role == "auditor"


def test_the_public_set_holds_no_private_half(tmp_path: Path) -> None:
    add_key(tmp_path / "issuer.jwk", tmp_path / "jwks.json")
    assert '"d"' in (tmp_path / "issuer.jwk").read_text()
    assert '"d"' not in (tmp_path / "jwks.json").read_text()


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private, key_set = tmp_path / "issuer.jwk", tmp_path / "jwks.json"
    private.write_text("precious")
    assert main([str(private), str(key_set)]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert private.read_text() == "precious"
    assert not key_set.exists()
    key_set.write_text("no set")
    assert main([str(tmp_path / "other.jwk"), str(key_set)]) == 1
    assert "not a JSON Web Key Set" in capsys.readouterr().err
    assert not (tmp_path / "other.jwk").exists()
    assert main([str(private)]) == 2
