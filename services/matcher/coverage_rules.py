"""The states of a case of assistance under way that seems to cover a need line."""

from collections.abc import Callable

from shared.lifecycle import Lifecycle, Step

COVERAGE = Lifecycle(
    "open",
    (
        Step("confirm", frozenset({"open", "dismissed", "ended"}), "confirmed"),
        Step("dismiss", frozenset({"open", "confirmed", "ended"}), "dismissed"),
        Step("close", frozenset({"open", "confirmed", "ended"}), "closed"),
        Step("end", frozenset({"confirmed"}), "ended"),
        Step("resume", frozenset({"ended"}), "confirmed"),
        Step("reopen", frozenset({"dismissed", "closed"}), "open"),
    ),
)
"""A coordinator confirms or dismisses; the rest follows from what becomes of both records.

`ended`: it was confirmed, and the activity's last day has passed since without its being completed.
"""

COMPLETED = "completed"
FALLEN_ACTIVITY = frozenset({"cancelled", "gone"})
FALLEN_REQUEST = frozenset({"withdrawn", "merged", "gone"})
"""States of an activity that gives nothing more, and of a request that asks for nothing more."""


def due_step(
    status: str, *, alike: bool, fallen: bool, ended: bool, changed: Callable[[], bool]
) -> str | None:
    """The step that a case has to take for what both records are now; None for none.

    `alike`: the activity seems to cover the line now. `fallen`: one of both is cancelled, withdrawn
    or gone. `ended`: the activity's last day has passed since a coordinator confirmed, and nobody
    called it completed. `changed` tells whether either changed materially since somebody decided.
    What was dismissed is shown again only then; what was confirmed stays while nothing has fallen,
    ended or changed, so that an activity that was completed, and a request that was closed, stay
    covered. What has ended is confirmed again once its last day is moved or it is completed.
    """
    if status == "dismissed":
        return "reopen" if alike and changed() else None
    if status in ("confirmed", "ended"):
        if fallen or (not alike and changed()):
            return "close"
        if ended:
            return None if status == "ended" else "end"
        return "resume" if status == "ended" else None
    if alike:
        return None if status == "open" else "reopen"
    return None if status == "closed" else "close"
