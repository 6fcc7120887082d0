"""What a register takes of one record: so many things in each of its lists, so much in all.

Each cell is held to its column's bounds as it is read, and what belongs together to a row. This is
what no row tells by itself, and what a register would refuse one record of a file for while it
takes the others. The bounds are the registers' own, or tests hold them to these.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from services.portal.sheets.changes import Bodies, Row
from services.portal.sheets.faults import Fault
from shared.web.bodies import MAX_BODY_BYTES

Limits = Mapping[str, tuple[str, int]]
"""By the name of a record's list: the key of the column that fills it, how many it may hold."""

Cells = Mapping[str, str]
"""The names of a row's cells by the keys of their columns."""


def too_much(
    rows: Sequence[Row], cells: Sequence[Cells], bodies: Bodies, party: str, limits: Limits
) -> list[Fault]:
    """What rows of new records, read without fault, say beyond what the register takes.

    `cells` are theirs, row by row, `bodies` makes bodies of rows. A list that is too long is told
    by the cell that is the first too many, what is too large by the record's reference.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        places[row["reference"]].append(at)
    faults = []
    for own in places.values():
        said = [rows[at] for at in own]
        (body,) = bodies(said, party)
        for member, (key, most) in limits.items():
            if len(body[member]) > most:
                counts = (len(bodies(said[:end], party)[0][member]) for end in range(1, len(own)))
                before = sum(count <= most for count in counts)
                faults.append(Fault("too-many", cells[own[before]][key], {"most": most}))
        if is_too_large(body):
            faults.append(Fault("too-large-record", cells[own[0]]["reference"]))
    return faults


def changed_too_much(
    body: Mapping[str, Any], told: Sequence[tuple[Cells, Row]], limits: Limits
) -> list[Fault]:
    """What a record says beyond what the register takes, with the `body` that changes it.

    `told` are its rows' cells, each with what it says otherwise. A record may hold more than its
    rows show, so its own lists are counted: the last cell that adds to one is told of.
    """
    faults = []
    for member, (key, most) in limits.items():
        adding = [cells[key] for cells, otherwise in told if otherwise.get(key)]
        if adding and len(body[member]) > most:
            faults.append(Fault("too-many", adding[-1], {"most": most}))
    if is_too_large(body):
        faults.append(Fault("too-large-record", told[0][0]["id"]))
    return faults


def is_too_large(body: Mapping[str, Any]) -> bool:
    """Whether a body has more bytes than a service reads, as it is sent: in ASCII."""
    return len(json.dumps(body)) > MAX_BODY_BYTES
