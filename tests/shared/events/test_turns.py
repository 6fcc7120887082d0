"""A loop comes round when it asks whether to stop, and rests while it waits for that."""

import threading
import time

from deploy.local.servers import wait_until
from shared.events.turns import Turns, belong, note, turns_of


def test_asking_whether_to_stop_is_a_turn() -> None:
    turns = Turns(threading.Event())
    time.sleep(0.2)
    assert turns.age() >= 0.2
    assert not turns.is_set()
    assert turns.age() < 0.2


def test_who_waits_to_be_told_rests_and_is_told() -> None:
    stop = threading.Event()
    turns = Turns(stop)
    time.sleep(0.2)
    thread = threading.Thread(target=turns.wait)
    thread.start()
    wait_until(lambda: turns.age() == 0, 10, "a rest")
    time.sleep(0.2)
    assert turns.age() == 0
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert turns.is_set()
    time.sleep(0.05)
    assert 0 < turns.age() < 0.2


def test_a_wait_that_nobody_ends_is_over_in_time() -> None:
    assert not Turns(threading.Event()).wait(0.01)


def test_setting_it_tells_all_loops() -> None:
    stop = threading.Event()
    one, another = Turns(stop), Turns(stop)
    one.set()
    assert stop.is_set()
    assert another.is_set()
    another.clear()
    assert not one.is_set()


def test_a_thing_done_in_a_long_turn_is_noted_by_the_loop_whose_thread_it_is() -> None:
    turns, other = Turns(threading.Event()), Turns(threading.Event())

    def loop() -> None:
        belong(turns)
        time.sleep(0.2)
        note()

    thread = threading.Thread(target=loop)
    thread.start()
    thread.join()
    assert turns.age() < 0.2
    assert other.age() >= 0.2
    note()  # of no loop
    assert other.age() >= 0.2


def test_a_worker_s_loop_has_its_own_turns_and_another_gets_some() -> None:
    stop = threading.Event()
    turns = turns_of(stop)
    assert turns_of(turns) is turns
    stop.set()
    assert turns.is_set()
