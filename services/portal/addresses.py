"""Where the portal and its readers find the services."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.settings import SettingsError, Variable

SERVICES = ("requests", "offers", "matcher")

VARIABLES: tuple[Variable, ...] = tuple(
    variable
    for service in SERVICES
    for variable in (
        Variable(
            f"ENTRAIDE_URL_{service.upper()}", None, f"where the portal reaches the {service} API"
        ),
        Variable(
            f"ENTRAIDE_PUBLIC_URL_{service.upper()}",
            "",
            f"where a browser reaches the {service} API; empty: as the portal does",
        ),
    )
)


@dataclass(frozen=True)
class Address:
    """A service's addresses: `internal` for the portal itself, `public` for a browser."""

    service: str
    internal: str
    public: str


def addresses(environ: Mapping[str, str]) -> tuple[Address, ...]:
    """The services' addresses from the environment; SettingsError names what is missing."""
    return tuple(_address(service, environ) for service in SERVICES)


def _address(service: str, environ: Mapping[str, str]) -> Address:
    internal = _url(f"ENTRAIDE_URL_{service.upper()}", environ)
    public = _url(f"ENTRAIDE_PUBLIC_URL_{service.upper()}", environ, internal)
    return Address(service, internal, public)


def _url(name: str, environ: Mapping[str, str], default: str | None = None) -> str:
    value = environ.get(name, "").strip().rstrip("/") or default
    if value is None:
        raise SettingsError(f"set {name}: where that service's API is, such as http://host:8101")
    if not value.startswith(("http://", "https://")):
        raise SettingsError(f"{name} must begin with http:// or https://, not {value!r}")
    return value
