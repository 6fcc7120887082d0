"""States' points of contact over HTTP."""

from typing import Any

from flask.views import MethodView

from services.requests import domain
from services.requests.documents import State
from services.requests.schemas import StateBody, StateView
from services.requests.views import state_view, whole_state_view
from shared.events.outbox import change
from shared.registers.contacts import due_condition
from shared.registers.context import context
from shared.registers.schemas import DueQuery, StepBody
from shared.registers.views import headers
from shared.registers.writing import load, put
from shared.vocabulary import UnknownCode
from shared.vocabulary.countries import country
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.paging import page, page_schema
from shared.web.preconditions import conditional, conditional_unless_new, required_version
from shared.web.problems import not_found

blueprint = Blueprint(
    "states",
    __name__,
    url_prefix="/v1/states",
    description="Whom to write to in a State. Contacts are offices, never persons.",
)


@blueprint.route("")
class States(MethodView):
    """All States that named points of contact."""

    @blueprint.arguments(DueQuery, location="query")
    @blueprint.response(200, page_schema(StateView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List States, by alpha-3 code; with `due` those to be reminded of their contacts."""
        today = context().clock().date()
        found = State.objects(__raw__=due_condition(today)) if args["due"] else State.objects
        return page(found, args, lambda state: state_view(state, today), sort=("id",))


@blueprint.route("/<string:alpha3>")
class OneState(MethodView):
    """One State."""

    @blueprint.response(200, StateView)
    def get(self, alpha3: str) -> Any:
        """Read a State's points of contact."""
        state = load(State, alpha3)
        return whole_state_view(state, context().clock().date()), headers(state)

    @require_roles("requester", "operator")
    @conditional_unless_new
    @blueprint.arguments(StateBody)
    @blueprint.response(200, StateView)
    @blueprint.alt_response(201, schema=StateView, description="Created")
    def put(self, payload: dict[str, Any], alpha3: str) -> Any:
        """Replace a State's points of contact, and so confirm them; the first time, no If-Match."""
        try:
            country(alpha3)
        except UnknownCode:
            raise not_found("State") from None
        identity, now = current_identity(), context().clock()
        state, created = put(
            State, alpha3, lambda s: domain.set_state(s, payload, identity, now), now
        )
        return whole_state_view(state, now.date()), 201 if created else 200, headers(state)


@blueprint.route("/<string:alpha3>/erase-contacts", methods=["POST"])
@require_roles("requester", "operator")
@conditional
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, StateView)
def erase_contacts(_body: dict[str, Any], alpha3: str) -> Any:
    """Erase a State's contact data. That there were some, and until when, stays in its history."""
    identity, now = current_identity(), context().clock()
    state = change(
        State,
        alpha3,
        required_version(),
        lambda s: domain.erase_state_contacts(s, identity, now),
        now,
    )
    return whole_state_view(state, now.date()), headers(state)
