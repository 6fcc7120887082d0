"""What a body refers to, found in the store."""

from services.offers.documents import Call, Organisation
from shared.web.identity import Identity
from shared.web.problems import forbidden, invalid_field


def referred_organisation(identifier: str) -> Organisation:
    """The organisation that a body names; the 422 problem if there is none."""
    found: Organisation | None = Organisation.objects(id=identifier).first()
    if found is None:
        message = f"There is no such organisation: first PUT /v1/organisations/{identifier}."
        raise invalid_field("organisation", message, "unknown-organisation")
    return found


def require_call(
    identifier: str | None, organisation: str, identity: Identity, before: str | None = None
) -> None:
    """Return if an offer of the organisation may name the call; one named `before` may be gone.

    Only whose call it is offers under it: its money is theirs. Raises the 422 problem for a call
    that is not there and the 403 problem for another organisation's, save to operators.
    """
    if identifier is None or identifier == before:
        return
    call = Call.objects(id=identifier).only("organisation", "removed").first()
    if call is None or call.removed:
        raise invalid_field("call", "There is no such call.", "unknown-call")
    if call.organisation != organisation and identity.role != "operator":
        raise forbidden(f"Only {call.organisation} may make offers under its call.")
