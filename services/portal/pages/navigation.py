"""What stands in the head of every page, by role: the places that somebody in it goes to."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _


@dataclass(frozen=True)
class Place:
    """A page in the navigation; `roles` are those that see it, all where there are none."""

    path: str
    label: object
    roles: tuple[str, ...] = ()

    def holds(self, here: str) -> bool:
        """Whether the page at `here` belongs to it."""
        return here == self.path or here.startswith(f"{self.path}/")


PLACES = (
    Place("/review", _("Review"), ("coordinator",)),
    Place("/requests", _("Requests")),
    Place("/offers", _("Offers"), ("donor", "coordinator", "requester", "auditor")),
    Place("/matches", _("Matches"), ("requester", "donor", "coordinator", "auditor")),
    Place("/activities", _("Activities"), ("donor", "coordinator", "requester", "auditor")),
    Place("/allocation", _("Allocation"), ("coordinator", "auditor")),
    Place("/alliances", _("Joint projects"), ("requester", "coordinator", "auditor", "operator")),
    Place("/notifications", _("Notifications")),
    Place("/invitations", _("Invitations"), ("coordinator", "operator")),
    Place("/contacts", _("Points of contact"), ("requester", "donor")),
    Place("/embargoes", _("Embargoes"), ("coordinator", "auditor", "operator")),
    Place("/models", _("Models"), ("coordinator", "auditor", "operator")),
    Place("/account", _("My account")),
)

PUBLIC_PLACES = (
    Place("/public/requests", _("What is asked for")),
    Place("/public/offers", _("What is offered")),
    Place("/public/activities", _("What is under way")),
    Place("/public/figures", _("Figures")),
    Place("/public/map", _("Map")),
)
"""What anybody finds, without an account."""


def navigation(role: str) -> list[Place]:
    """The places of a role, in their order."""
    return [place for place in PLACES if not place.roles or role in place.roles]
