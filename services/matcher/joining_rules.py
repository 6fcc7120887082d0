"""The life of an organisation's offer to join what an offer does for a request."""

from shared.lifecycle import Lifecycle, Step

ROLES = ("partner", "implementer", "expertise", "funder")
"""What an organisation may join as."""

_OPEN = frozenset({"offered", "donor-agreed", "state-agreed"})

JOINING = Lifecycle(
    "offered",
    (
        Step("donor-agree", frozenset({"offered"}), "donor-agreed"),
        Step("state-agree", frozenset({"offered"}), "state-agreed"),
        Step("agree", frozenset({"donor-agreed", "state-agreed"}), "agreed"),
        Step("decline", _OPEN | {"agreed"}, "declined"),
        Step("withdraw", _OPEN | {"agreed"}, "withdrawn"),
        Step("offer-again", frozenset({"withdrawn"}), "offered"),
    ),
)
"""The organisation takes part once both sides have agreed; each may decline, before and after that,
and for good; the organisation may withdraw, and offer again."""

AGREEING = {("donor", "state-agreed"): "agree", ("state", "donor-agreed"): "agree"}
"""The step by which a side agrees where the other has; else it is `donor-agree`, `state-agree`."""
