"""The states of a case of assistance under way that seems to cover a need line."""

from collections.abc import Callable

from shared.lifecycle import Lifecycle, Step

COVERAGE = Lifecycle(
    "open",
    (
        Step("confirm", frozenset({"open", "dismissed"}), "confirmed"),
        Step("dismiss", frozenset({"open", "confirmed"}), "dismissed"),
        Step("close", frozenset({"open", "confirmed"}), "closed"),
        Step("reopen", frozenset({"dismissed", "closed"}), "open"),
    ),
)
"""A coordinator confirms or dismisses; the rest follows from what becomes of both records."""

FALLEN_ACTIVITY = frozenset({"cancelled", "gone"})
FALLEN_REQUEST = frozenset({"withdrawn", "merged", "gone"})
"""States of an activity that gives nothing more, and of a request that asks for nothing more."""


def due_step(status: str, *, alike: bool, fallen: bool, changed: Callable[[], bool]) -> str | None:
    """The step that a case has to take for what both records are now; None for none.

    `alike`: the activity seems to cover the line now. `fallen`: one of both is cancelled, withdrawn
    or gone. `changed` tells whether either changed materially since somebody decided. What was
    dismissed is shown again only then; what was confirmed stays while nothing has fallen or
    changed, so that an activity that was completed, and a request that was closed, stay covered.
    """
    if status == "dismissed":
        return "reopen" if alike and changed() else None
    if status == "confirmed":
        return "close" if fallen or (not alike and changed()) else None
    if alike:
        return None if status == "open" else "reopen"
    return None if status == "closed" else "close"
