"""Who asks whether the database is being restored, while nobody has looked for long."""

import threading
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from shared.web import being_restored
from shared.web.being_restored import AGAIN_SECONDS, LOOK_SECONDS, BeingRestored
from shared.web.problems import Problem


def refuses(restored: BeingRestored) -> bool:
    try:
        restored.check()
    except Problem as problem:
        return problem.code == "being-restored"
    return False


def test_who_asks_while_another_looks_waits_for_what_that_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, goes_on = threading.Event(), threading.Event()

    def look(_database: Any) -> bool:
        looks.set()
        assert goes_on.wait(30)
        return True

    monkeypatch.setattr(being_restored, "is_being_restored", look)
    monkeypatch.setattr(being_restored, "current_database", lambda: None)
    restored, refused = BeingRestored(), list[bool]()
    asking = [threading.Thread(target=lambda: refused.append(refuses(restored))) for _ in range(4)]
    asking[0].start()
    assert looks.wait(30)
    for one in asking[1:]:
        one.start()
    goes_on.set()
    for one in asking:
        one.join(30)
    assert refused == [True] * 4


def test_where_the_database_does_not_answer_it_is_as_it_was_and_looked_for_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[bool | None] = [True, None, False]
    now = [0.0]

    def look(_database: Any) -> bool:
        found = answers.pop(0)
        if found is None:
            raise PyMongoError
        return found

    monkeypatch.setattr(being_restored, "is_being_restored", look)
    monkeypatch.setattr(being_restored, "current_database", lambda: None)
    restored = BeingRestored(lambda: now[0])
    assert (refuses(restored), len(answers)) == (True, 2)
    now[0] = LOOK_SECONDS / 2
    assert (refuses(restored), len(answers)) == (True, 2)
    now[0] = LOOK_SECONDS
    assert (refuses(restored), len(answers)) == (True, 1)
    now[0] += AGAIN_SECONDS
    assert (refuses(restored), len(answers)) == (False, 0)
