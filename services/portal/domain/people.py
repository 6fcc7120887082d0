"""Who people are: addresses of mail, names, roles and their bindings, and who may invite whom."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from shared.vocabulary.countries import AREAS, country
from shared.vocabulary.errors import UnknownCode
from shared.web.identity import BINDINGS, ROLES, Identity, covers

SECOND_FACTOR_ROLES = frozenset({"coordinator"})
"""Who can do nothing before a second factor is set up."""

MAY_INVITE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "coordinator": frozenset({"requester", "donor", "coordinator", "auditor"}),
        "operator": frozenset(ROLES),
    }
)
_OF_REGIONS = frozenset({"requester", "coordinator"})
"""The roles that are of regions: those of whose offices a coordinator of some regions is told."""

MAX_EMAIL, MAX_NAME, MAX_REGIONS = 254, 100, 30
ORGANISATION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)

_EMAIL = re.compile(r"[^@\s<>()\[\]\\,;:\"']{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")

Fault = Literal["email", "role", "state", "organisation", "regions", "unbound"]


@dataclass(frozen=True)
class Office:
    """A role with what it is bound to; `regions` empty: all of them."""

    role: str
    state: str | None = None
    organisation: str | None = None
    regions: tuple[str, ...] = ()


def email_of(text: str) -> str | None:
    """An address of mail in the one form in which it is kept; None for what is none.

    In small letters: no mailbox that people use tells them apart, and accounts must not. A line
    break or any other control sign, which could add a header to a mail, makes it none.
    """
    email = unicodedata.normalize("NFKC", text).strip().casefold()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        return None
    return None if any(unicodedata.category(sign).startswith("C") for sign in email) else email


def mailbox_of(email: str) -> str:
    """The mailbox that an address, as email_of gives it, most likely ends in.

    Many servers put `a+b@…` into the box of `a@…` and pass over full stops. Two that are told apart
    nowhere else are one here; it is for suspicion alone, and names no account.
    """
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def name_of(text: str) -> str | None:
    """A name on one line, without control signs; None for none."""
    shown = "".join(s for s in text if s.isspace() or not unicodedata.category(s).startswith("C"))
    name = " ".join(unicodedata.normalize("NFC", shown).split())
    return name if 0 < len(name) <= MAX_NAME else None


def office_faults(office: Office) -> list[Fault]:
    """What is wrong with a role and its bindings: unknown, missing, or not this role's."""
    if office.role not in BINDINGS:
        return ["role"]
    faults: list[Fault] = []
    binding = BINDINGS[office.role]
    if binding == "state":
        faults += [] if _is_country(office.state) else ["state"]
    if binding == "organisation":
        known = office.organisation is not None and ORGANISATION_ID.fullmatch(office.organisation)
        faults += [] if known else ["organisation"]
    if not set(office.regions) <= set(AREAS.codes()) or len(office.regions) > MAX_REGIONS:
        faults.append("regions")
    given = {
        "state": office.state is not None,
        "organisation": office.organisation is not None,
        "regions": bool(office.regions),
    }
    if any(there and name != binding for name, there in given.items()):
        faults.append("unbound")
    return faults


def managed_roles(identity: Identity) -> frozenset[str]:
    """The roles that the identity may invite to, with some bindings at least."""
    roles = MAY_INVITE.get(identity.role, frozenset())
    return roles if identity.regions is None else roles & _OF_REGIONS


def may_manage(identity: Identity, office: Office) -> bool:
    """Whether the identity may invite to, lock and unlock such an office.

    Nobody gives more than they have: a coordinator of some regions invites for these alone.
    """
    if office.role not in managed_roles(identity):
        return False
    if identity.regions is None:
        return True
    if office.role == "requester":
        return covers(identity, office.state)
    return bool(office.regions) and set(office.regions) <= identity.regions


def _is_country(alpha3: str | None) -> bool:
    try:
        return alpha3 is not None and bool(country(alpha3))
    except UnknownCode:
        return False
