"""Four eyes on a State's first request: who invited its account does not vouch for it alone.

The portal says in a requester's token who invited it, where another coordinator of the State could
authenticate in their place.
"""

from services.requests.documents import AssistanceRequest
from shared.registers.steps import subject_of
from shared.web.identity import Identity
from shared.web.problems import conflict


def require_second_pair_of_eyes(request: AssistanceRequest, identity: Identity) -> None:
    """Raise the 409 problem `own-invitation` where the caller invited who submitted the request.

    Not any more once somebody else has authenticated one of the State's.
    """
    subject = subject_of(identity)
    if request.introduced_by != subject or request.status != "submitted":
        return
    if not _authenticated_by_others(request.country, subject):
        raise conflict(
            "own-invitation",
            "You invited the account that submitted this request: another coordinator "
            "authenticates the first request of this State.",
        )


def _authenticated_by_others(country: str, subject: str) -> bool:
    return any(
        step.action == "authenticate" and step.subject not in (None, subject)
        for earlier in AssistanceRequest.objects(country=country).only("history")
        for step in earlier.history
    )
