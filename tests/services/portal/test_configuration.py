"""What the portal is told of itself, and what it refuses to be told."""

import base64

import pytest

from services.portal.configuration import PortalSettings
from services.portal.sealing import DamagedError, Vault, new_secret
from shared.settings import SettingsError
from shared.web.rates import network_of
from tests.services.portal.conftest import ENVIRON


def test_its_address_decides_how_cookies_travel() -> None:
    local = PortalSettings.from_environment(ENVIRON)
    assert not local.secure
    public = {"ENTRAIDE_PUBLIC_URL_PORTAL": "https://entraide.example/"}
    settings = PortalSettings.from_environment(ENVIRON | public)
    assert settings.secure
    assert settings.url == "https://entraide.example"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ENTRAIDE_PORTAL_KEY": ""}, "set ENTRAIDE_PORTAL_KEY"),
        ({"ENTRAIDE_PORTAL_KEY": "not base64!"}, "must be base64"),
        ({"ENTRAIDE_PORTAL_KEY": base64.b64encode(b"short").decode()}, "at least 32 bytes"),
        ({"ENTRAIDE_PUBLIC_URL_PORTAL": ""}, "set ENTRAIDE_PUBLIC_URL_PORTAL"),
        ({"ENTRAIDE_PUBLIC_URL_PORTAL": "http://entraide.example"}, "must begin with https"),
        ({"ENTRAIDE_PUBLIC_URL_PORTAL": "https://"}, "must begin with https"),
        ({"ENTRAIDE_PUBLIC_URL_PORTAL": "https://a.example/portal"}, "must have no path"),
        ({"ENTRAIDE_LISTENERS": "many"}, "ENTRAIDE_LISTENERS"),
        ({"ENTRAIDE_LISTENERS": "513"}, "ENTRAIDE_LISTENERS"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        PortalSettings.from_environment(ENVIRON | change)
    assert ENVIRON["ENTRAIDE_PORTAL_KEY"] not in str(caught.value)


def test_what_is_sealed_opens_for_its_purpose_and_key_alone() -> None:
    vault = Vault(b"k" * 32)
    sealed = vault.seal("secret", "mail")
    assert vault.open(sealed, "mail") == "secret"
    assert vault.seal("secret", "mail") != sealed
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for other, data, purpose in (
        (vault, sealed, "seed"),
        (vault, altered, "mail"),
        (vault, b"", "mail"),
        (Vault(b"x" * 32), sealed, "mail"),
    ):
        with pytest.raises(DamagedError):
            other.open(data, purpose)


def test_fingerprints_tell_purposes_and_keys_apart() -> None:
    vault, secret = Vault(b"k" * 32), new_secret()
    assert vault.fingerprint(secret, "a") == Vault(b"k" * 32).fingerprint(secret, "a")
    assert vault.fingerprint(secret, "a") != vault.fingerprint(secret, "b")
    assert vault.fingerprint(secret, "a") != Vault(b"x" * 32).fingerprint(secret, "a")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_attempts_are_counted_by_network(address: str | None, network: str) -> None:
    assert network_of(address) == network
