"""What stands in the head of every page, by role: the places that somebody in it goes to."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _


@dataclass(frozen=True)
class Place:
    """A page in the navigation; `roles` are those that see it, all where there are none.

    `group` is the one that it is folded into for who has many places.
    """

    path: str
    label: object
    roles: tuple[str, ...] = ()
    group: object = None

    def holds(self, here: str) -> bool:
        """Whether the page at `here` belongs to it."""
        return here == self.path or here.startswith(f"{self.path}/")


@dataclass(frozen=True)
class Group:
    """Places that open below their name."""

    label: object
    places: tuple[Place, ...]

    def holds(self, here: str) -> bool:
        """Whether the page at `here` belongs to one of them."""
        return any(place.holds(here) for place in self.places)


MOST_FLAT = 8
"""Who has no more places than that sees them all side by side."""

_HELP = _("Assistance")
_ORDER = _("Administration")

PLACES = (
    Place("/review", _("Review"), ("coordinator",)),
    Place("/requests", _("Requests")),
    Place("/offers", _("Offers"), ("donor", "coordinator", "requester", "auditor")),
    Place("/fitting-requests", _("Requests that fit"), ("donor",)),
    Place("/matches", _("Matches"), ("requester", "donor", "coordinator", "auditor")),
    Place("/activities", _("Activities"), ("donor", "coordinator", "requester", "auditor"), _HELP),
    Place("/allocation", _("Allocation"), ("coordinator", "auditor"), _HELP),
    Place(
        "/alliances",
        _("Joint projects"),
        ("requester", "coordinator", "auditor", "operator"),
        _HELP,
    ),
    Place("/report", _("Report"), ("coordinator", "auditor", "operator"), _HELP),
    Place("/notifications", _("Notifications")),
    Place("/invitations", _("Invitations"), ("coordinator", "operator"), _ORDER),
    Place("/accounts", _("Accounts"), ("coordinator", "auditor", "operator"), _ORDER),
    Place("/contacts", _("Points of contact"), ("requester", "donor")),
    Place("/embargoes", _("Embargoes"), ("coordinator", "auditor", "operator"), _ORDER),
    Place("/models", _("Models"), ("coordinator", "auditor", "operator"), _ORDER),
    Place("/audit", _("Audit trail"), ("coordinator", "auditor"), _ORDER),
    Place("/operations", _("Operation"), ("operator",), _ORDER),
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


def first_place(role: str) -> Place:
    """Where the work of a role is: at the operation, for who has that place, else its first."""
    places = navigation(role)
    return next((place for place in places if place.path == "/operations"), places[0])


def folded(role: str) -> list[Place | Group]:
    """The same with some in groups, where there are too many to stand side by side."""
    places = navigation(role)
    if len(places) <= MOST_FLAT:
        return list(places)
    found: list[Place | Group] = []
    for place in places:
        if place.group is None:
            found.append(place)
        elif all(one.label is not place.group for one in found if isinstance(one, Group)):
            held = tuple(one for one in places if one.group is place.group)
            found.append(Group(place.group, held) if len(held) > 1 else place)
    return found
