"""How far a worker has worked what it reads."""

from services.matcher.progress import Progress, Waiting


def test_with_nothing_waiting_all_that_was_read_is_worked() -> None:
    progress = Progress()
    assert progress.worked({0: 5, 1: 7}, list, lambda _: False) == {0: 5, 1: 7}
    assert progress.worked({0: 6, 1: 7}, list, lambda _: False) == {0: 6, 1: 7}


def test_positions_go_on_under_a_load_that_never_pauses() -> None:
    progress = Progress()
    queue: dict[Waiting, None] = {(0, "first", 0.0): None, ("offer", "second", 0.0): None}
    saved = []
    for turn in range(1, 40):
        queue |= {(turn % 3, f"r{turn}", turn): None, ("offer", f"o{turn}", turn): None}  # two come
        for one in list(queue)[:2]:  # and two are worked, of those that waited longest
            del queue[one]
        saved += progress.worked({0: turn}, queue.copy, queue.__contains__).values()
    assert saved == list(range(1, 39))  # what came last waits


def test_what_still_waits_holds_back_what_was_read_before_and_since() -> None:
    progress, queue = Progress(), {("request", "a", 0.0), (0, "b", 0.0)}
    assert progress.worked({0: 5}, lambda: queue, queue.__contains__) == {}
    queue.remove((0, "b", 0.0))
    assert progress.worked({0: 9}, lambda: queue, queue.__contains__) == {}
    queue.remove(("request", "a", 0.0))
    queue.add((0, "c", 1.0))
    assert progress.worked({0: 12}, lambda: queue, queue.__contains__) == {0: 5}
    queue.clear()
    assert progress.worked({0: 13}, lambda: queue, queue.__contains__) == {0: 13}


def test_what_was_worked_and_waits_again_holds_nothing_back() -> None:
    progress, since = Progress(), {"hot": 0.0}

    def waits(one: Waiting) -> bool:
        return since[str(one[1])] <= one[2]

    assert progress.worked({0: 5}, lambda: [(0, "hot", since["hot"])], waits) == {}
    since["hot"] = 1.0  # it was worked, and came again before anybody looked
    assert progress.worked({0: 7}, lambda: [(0, "hot", since["hot"])], waits) == {0: 5}
