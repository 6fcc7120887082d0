"""API tokens over HTTP: exchanged, listed, revoked. They are made on a page, by who is there."""

from http import HTTPStatus
from typing import Any

from flask import Response, jsonify
from flask.views import MethodView

from services.portal import api_tokens, signing_keys
from services.portal.house import house
from services.portal.schemas import AccessView, ExchangeBody, TokensView
from services.portal.views import token_view
from shared.registers.actors import actor_of
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, public, unauthorized
from shared.web.marks import answers
from shared.web.problems import not_found

blueprint = Blueprint(
    "tokens",
    __name__,
    url_prefix="/v1",
    description="API tokens for scripts: exchanged for the tokens that the services accept.",
)


@public
def key_set() -> Response:
    """The public keys of the portal's tokens."""
    answer = jsonify(signing_keys.published(house(), house().clock()))
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


@blueprint.route("/token", methods=["POST"])
@public
@answers(HTTPStatus.UNAUTHORIZED, "The API token is not, or no longer, good for anything")
@blueprint.arguments(ExchangeBody)
@blueprint.response(200, AccessView)
def exchange(body: dict[str, Any]) -> dict[str, Any]:
    """Exchange an API token for a token of five minutes that the services accept."""
    try:
        access = api_tokens.exchange(house(), body["token"], house().clock())
    except api_tokens.TokenRefusedError:
        raise unauthorized("The API token is unknown, has expired or was revoked.") from None
    return {
        "access_token": access.token,
        "token_type": "Bearer",
        "expires_in": access.seconds,
        "scope": " ".join(access.scopes or ()),
    }


@blueprint.route("/tokens")
class Tokens(MethodView):
    """The caller's API tokens."""

    @blueprint.response(200, TokensView)
    def get(self) -> dict[str, Any]:
        """List your API tokens, the newest first."""
        found = api_tokens.tokens_of(current_identity().subject)
        return {"items": [token_view(token) for token in found]}


@blueprint.route("/tokens/<string:token_id>")
class OneToken(MethodView):
    """One API token."""

    @blueprint.response(204)
    def delete(self, token_id: str) -> None:
        """Revoke one of your API tokens; what it bought before lives five minutes at most."""
        own = current_identity()
        if not api_tokens.revoke(token_id, own.subject, actor_of(own), house().clock()):
            raise not_found("API token")
