"""What coordinators do under the load: they decide, on cases at the matcher and on proposals at the
portal's pages, take back and carry out what waits there, and invite."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import partial

from tests.faults.afresh import pair_of
from tests.faults.calls import Calls
from tests.faults.coordinator import Window
from tests.faults.decisions import DECISIONS
from tests.faults.history import Kind, Operation, Outcome, Recorder, now
from tests.faults.reading_portal import reason_of

_LEAST = 5
"""Of so many proposals of a request one may be rejected, so that some are left."""


class Coordinating:
    """What the load's clients do as coordinators; each has a window of the portal's.

    `portal` are calls of the portal's API, which trusts no token but its own.
    """

    def __init__(
        self,
        calls: Calls,
        portal: Calls,
        recorder: Callable[[], Recorder],
        window: Callable[[], Window],
    ) -> None:
        self._calls = partial(calls.call, role="coordinator")
        self._portal = portal
        self._recorder = recorder
        self._windows: dict[str, Window] = defaultdict(window)
        self._kept: dict[str, list[tuple[str, str]]] = defaultdict(list)
        """Proposals and keys of what each has decided and might take back."""

    def decide_case(self, client: str, lasting: Collection[str], rng: random.Random) -> None:
        """Decide on an open case, though not of an activity of which nobody is to."""
        kind = rng.choice(sorted(DECISIONS))
        told = self._calls("GET", "matcher", f"/v1/{kind}")
        shown = told.body["items"] if told.ok else ()
        ids = [one["id"] for one in shown if one.get("activity") not in lasting]
        if not ids:
            return
        path = f"/v1/{kind}/{rng.choice(ids)}"
        seen = self._calls("GET", "matcher", path)
        if not seen.ok:
            return
        body = {"decision": rng.choice(DECISIONS[kind]), "reason": "Looked at (illustrative)."}
        began = now()
        told = self._calls("POST", "matcher", f"{path}/decision", json=body, if_match=seen.etag)
        self._add(client, "decide", pair_of(seen.body), began, told.outcome, value=body["decision"])

    def decide_proposal(
        self, client: str, requests: Sequence[str], agreed: Collection[str], rng: random.Random
    ) -> None:
        """Decide on a proposal for one of these requests that is not agreed, or see to what
        waits."""
        kept, window = self._kept[client], self._windows[client]
        if kept and rng.random() < 0.5:
            proposal, key = kept.pop(0)
            began = now()
            if rng.random() < 0.5:
                outcome = window.take_back(proposal, key)
                self._add(client, "take-back", f"match:{proposal}", began, outcome, key=key)
            else:
                outcome = window.carry_out(proposal, key)
                self._add(client, "carry-out", f"match:{proposal}", began, outcome, key=key)
            return
        told = self._calls(
            "GET", "matcher", "/v1/proposals", params={"request": rng.choice(requests)}
        )
        shown = told.body["items"] if told.ok else ()
        ready = {"proposed": "endorse", "superseded": "endorse"}
        if len(shown) >= _LEAST:
            ready["endorsed"] = "reject"
        open_ = [one for one in shown if one["status"] in ready and one["id"] not in agreed]
        if not open_:
            return
        one = rng.choice(open_)
        form = window.open_proposal(one["id"])
        if form is None:
            return
        decision, key = ready[one["status"]], form.values["key"]
        began = now()
        outcome = window.decide(form, decision, reason_of(key))
        self._add(client, "defer", f"match:{one['id']}", began, outcome, value=decision, key=key)
        if outcome == "ok":
            kept.append((one["id"], key))

    def invite(self, client: str, country: str, rng: random.Random) -> None:
        """Invite somebody of a State whom nobody has invited before."""
        email = f"{rng.getrandbits(64):016x}@entraide.example"
        body = {"email": email, "role": "requester", "state": country}
        began = now()
        told = self._portal.call("POST", "portal", "/v1/invitations", json=body)
        made = told.body["id"] if told.ok else ""
        self._add(client, "invite", email, began, told.outcome, made=made)

    def _add(
        self,
        client: str,
        kind: Kind,
        record: str,
        began: float,
        outcome: Outcome,
        *,
        value: str = "",
        key: str = "",
        made: str = "",
    ) -> None:
        self._recorder().add(
            Operation(
                *(client, kind, record, began, now(), outcome), value=value, key=key, made=made
            )
        )
