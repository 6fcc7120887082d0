"""Whose record it is: an organisation's or a State's."""

from shared.registers.rights import Actor
from shared.web.identity import Identity, covers
from shared.web.problems import forbidden


def actor_for(identity: Identity, organisation: str | None, country: str | None = None) -> Actor:
    """As whom the identity acts on a record of that organisation or State.

    A coordinator of some regions acts, and reads, as another donor does where the record is of no
    State in them: offers are for whoever coordinates all.
    """
    if identity.role == "donor" and identity.organisation == organisation is not None:
        return "owner"
    if identity.role == "requester" and identity.state == country is not None:
        return "owner"
    if not covers(identity, country):
        return "donor"
    actor: Actor = identity.role  # type: ignore[assignment] # a token has one of the roles
    return actor


def owner_parts(organisation: str | None, country: str | None = None) -> tuple[str, ...]:
    """Whose a record is, as parts of an id: an organisation may be called like a country.

    Nothing for a record that is nobody's. Offers, which always are an organisation's, go without
    the word before it.
    """
    if organisation is not None:
        return ("organisation", organisation)
    return () if country is None else ("country", country)


def require_owner(identity: Identity, organisation: str | None, country: str | None = None) -> None:
    """Raise the 403 problem unless the record is the identity's own; an operator's all are."""
    if actor_for(identity, organisation, country) not in {"owner", "operator"}:
        own = identity.organisation or identity.state or "nobody"
        raise forbidden(f"You may write records of {own} only.")
