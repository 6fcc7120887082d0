"""Documents of the portal as they are shown to programs."""

from datetime import datetime
from typing import Any

from services.portal.documents import Account, ApiToken, Invitation
from services.portal.invitations import account_id_of, status_of


def account_view(account: Account) -> dict[str, Any]:
    """An account as an `AccountView`."""
    return {
        **_office(account),
        "id": account.id,
        "email": None if account.erased_at else account.email,
        "name": account.name,
        "language": account.language,
        "locked": account.locked_at is not None,
        "erased": account.erased_at is not None,
        "invited_by": account.invited_by,
        "second_factor": account.second_factor is not None,
        "created_at": account.created_at,
        "signed_in_at": account.signed_in_at,
    }


def invitation_view(invitation: Invitation, now: datetime) -> dict[str, Any]:
    """An invitation as an `InvitationView`."""
    status = status_of(invitation, now)
    return {
        **_office(invitation),
        "id": invitation.id,
        "email": invitation.email,
        "language": invitation.language,
        "status": status,
        "invited_by": invitation.invited_by,
        "account": account_id_of(invitation) if status == "accepted" else None,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }


def token_view(token: ApiToken) -> dict[str, Any]:
    """An API token as a `TokenView`."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "used_at": token.used_at,
    }


def _office(record: Account | Invitation) -> dict[str, Any]:
    return {
        "role": record.role,
        "state": record.state,
        "organisation": record.organisation,
        "regions": list(record.regions),
    }
