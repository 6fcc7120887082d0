"""Who may take which step: a table from actions to actors, asked the same way in each register.

An actor is a role, save that a record's own party acts as `owner` whatever its role's name.
"""

from collections.abc import Mapping
from typing import Literal

from shared.web.problems import forbidden, not_found

Actor = Literal["owner", "requester", "donor", "coordinator", "auditor", "operator"]
Table = Mapping[str, frozenset[Actor]]

OVERSEERS: frozenset[Actor] = frozenset({"coordinator", "auditor", "operator"})
"""Those whose task is to see both sides."""


def require_right(table: Table, action: str, actor: Actor, *, readable: bool, noun: str) -> None:
    """Return if the actor may take the action.

    Raises the 404 problem if the actor cannot even read the record (so that asking reveals
    nothing), else the 403 problem.
    """
    if not readable:
        raise not_found()
    if actor in table[action]:
        return
    who = " or the ".join(sorted(table[action], reverse=True))
    raise forbidden(f"Only the {who} may {action} this {noun}.")
