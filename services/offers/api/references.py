"""What a body refers to, found in the store."""

from services.offers.documents import Call, Organisation
from shared.web.problems import invalid_field


def referred_organisation(identifier: str) -> Organisation:
    """The organisation that a body names; the 422 problem if there is none."""
    found: Organisation | None = Organisation.objects(id=identifier).first()
    if found is None:
        message = f"There is no such organisation: first PUT /v1/organisations/{identifier}."
        raise invalid_field("organisation", message, "unknown-organisation")
    return found


def require_call(identifier: str | None, before: str | None) -> None:
    """Raise the 422 problem for a call that is not there; one that was named before may be gone."""
    if identifier is None or identifier == before:
        return
    if Call.objects(id=identifier).only("id").first() is None:
        raise invalid_field("call", "There is no such call.", "unknown-call")
