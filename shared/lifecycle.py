"""State machines of the registers: which step leads from which state to which.

A lifecycle knows states and steps, not persons: who may take a step is the register's own rule.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


class IllegalTransition(Exception):  # noqa: N818 (named for what happened)
    """A step that the record's state does not allow.

    Has `action` and `source` as asked for, and `allowed`: the steps that the state does allow.
    """

    def __init__(self, action: str, source: str, allowed: tuple[str, ...]) -> None:
        hint = f"possible now: {', '.join(allowed)}" if allowed else "this state is final"
        super().__init__(f"You cannot {action} a record that is {source} ({hint})")
        self.action = action
        self.source = source
        self.allowed = allowed


@dataclass(frozen=True)
class Step:
    """An action that takes a record from any of `sources` to `target`.

    One without a target takes it back to the state that it had before.
    """

    action: str
    sources: frozenset[str]
    target: str | None


class Lifecycle:
    """An initial state and the steps between states; states without a way out are final.

    `shown` are the states in which others than the owner and overseers see a record, and in which
    it is matched.
    """

    def __init__(
        self, initial: str, steps: Iterable[Step], shown: Collection[str] = frozenset()
    ) -> None:
        self.initial = initial
        self.shown = frozenset(shown)
        self.steps: Mapping[str, Step] = MappingProxyType({step.action: step for step in steps})
        targets = [step.target for step in self.steps.values() if step.target is not None]
        self.states: tuple[str, ...] = tuple(dict.fromkeys([initial, *targets]))
        named = {s for step in self.steps.values() for s in step.sources} | self.shown
        unknown = named - set(self.states)
        if unknown:
            raise ValueError(f"steps start from states that nothing leads to: {sorted(unknown)}")

    def allowed(self, source: str) -> tuple[str, ...]:
        """The actions possible in a state, in the lifecycle's order."""
        return tuple(action for action, step in self.steps.items() if source in step.sources)

    def is_final(self, state: str) -> bool:
        """Whether no step leads on from the state; one back may."""
        return all(self.steps[action].target is None for action in self.allowed(state))

    def target(self, action: str, source: str, before: str | None = None) -> str:
        """The state that the action leads to from `source`; IllegalTransition if it does not.

        `before` is the state that the record had before `source`, for steps that lead back.
        """
        step = self.steps.get(action)
        target = before if step is None or step.target is None else step.target
        if step is None or source not in step.sources or target is None:
            raise IllegalTransition(action, source, self.allowed(source))
        return target

    def action_between(self, source: str, target: str) -> str:
        """The action that leads from one state to another; IllegalTransition if none does.

        For records whose state is set rather than stepped: the error's action names the target.
        """
        for action, step in self.steps.items():
            if source in step.sources and step.target == target:
                return action
        raise IllegalTransition(f"set to {target}", source, self.allowed(source))


def _step(action: str, target: str | None, *sources: str) -> Step:
    return Step(action, frozenset(sources), target)


OFFER = Lifecycle(
    "draft",
    (
        _step("submit", "submitted", "draft"),
        _step("publish", "published", "submitted"),
        _step("close", "closed", "published"),
        _step("withdraw", "withdrawn", "draft", "submitted", "published"),
        _step("merge", "merged", "submitted", "published"),
        _step("unmerge", None, "merged"),
    ),
    shown={"published"},
)
"""Offers: drafts stay with their donor, what is published is open for matching.

What was merged into another record is over as long as nobody undoes that.
"""

_CIRCULATED = ("circulated", "partly-covered", "covered")

REQUEST = Lifecycle(
    "draft",
    (
        _step("submit", "submitted", "draft"),
        _step("authenticate", "authenticated", "submitted"),
        _step("return", "draft", "submitted", "authenticated"),
        _step("object", "draft", "authenticated"),
        _step("circulate", "circulated", "authenticated"),
        _step("cover-partly", "partly-covered", "circulated", "covered"),
        _step("cover", "covered", "circulated", "partly-covered"),
        _step("uncover", "circulated", "partly-covered", "covered"),
        _step("close", "closed", *_CIRCULATED),
        _step("withdraw", "withdrawn", "draft", "submitted", "authenticated", *_CIRCULATED),
        _step("merge", "merged", "submitted", "authenticated", *_CIRCULATED),
        _step("unmerge", None, "merged"),
    ),
    shown=_CIRCULATED,
)
"""Requests: what is submitted in a State's name is authenticated by a coordinator, and circulated
once the State has consented or let its time to object pass. Only then do donors see it and are
offers matched with it. How far it is covered follows from commitments (the steps cover-partly,
cover and uncover), which may be released again.
"""

COVERING_STEPS = frozenset({"cover-partly", "cover", "uncover"})
"""The steps of a request that follow from commitments."""

PARTY = frozenset(
    {
        "endorsed",
        "donor-agreed",
        "state-agreed",
        "agreed",
        "committed",
        "released",
        "delivering",
        "delivered",
        "follow-up",
        "closed",
    }
)
"""The states of a match in which its donor is a party to the request, and sees what parties see."""

PLEDGED = frozenset(
    {"donor-agreed", "agreed", "committed", "delivering", "delivered", "follow-up", "closed"}
)
"""The states of a match in which what its donor pledged stands."""
GIVEN = frozenset({"delivered", "follow-up", "closed"})
"""The states of a match in which its help has been given."""

SHOWN: frozenset[str] = OFFER.shown | REQUEST.shown
"""The states in which a request or an offer is open for matching; no state has both meanings."""

ASSISTANCE = Lifecycle(
    "planned",
    (
        _step("start", "ongoing", "planned"),
        _step("complete", "completed", "planned", "ongoing"),
        _step("cancel", "cancelled", "planned", "ongoing"),
    ),
)
"""Activities: assistance that is planned or under way."""

ATTACHMENT = Lifecycle(
    "kept",
    (
        _step("remove", "removed", "kept"),
        _step("refuse", "refused", "kept"),
    ),
)
"""Files attached to a record: removed by who may, or refused by the virus scanner."""

FILING = ("attach", "detach")
"""What histories tell of files that were attached to a record and removed or refused again: it
stays in its state. Lists of files tell readers of themselves, so shown histories leave it out."""
