import os
from pathlib import Path

import numpy as np
import pytest

from services.matcher.engine.columns import Columns, blank


def test_rows_are_filled_freed_and_used_again() -> None:
    table = Columns({"number": (np.int32, ()), "pair": (np.int8, (2,))})
    rows = [table.take(number=n, pair=[n % 7, 1]) for n in range(200)]
    assert rows == list(range(200))
    assert table.column("number").tolist() == rows
    assert table.column("pair").shape == (200, 2)
    table.free(17)
    assert len(table) == 199
    assert not table.used[17]
    assert table.take(number=-1, pair=[9, 9]) == 17
    assert table.column("number")[17] == -1
    assert table.used.all()


def test_a_value_that_does_not_fit_takes_no_row() -> None:
    table = Columns({"number": (np.int8, ())})
    assert table.take(number=1) == 0
    with pytest.raises(OverflowError):
        table.take(number=1_000)
    assert (len(table), table.used.tolist()) == (1, [True, False])
    assert table.take(number=2) == 1


def test_what_a_table_leaves_goes_back_to_the_system() -> None:
    np.ones(3 * 2**20)  # once so much was freed, as much is taken from the heap
    tables, beside = [], []
    for _ in range(4):
        tables.append(blank((2**23,), np.uint8))
        tables[-1][:] = 1
        beside.append(np.ones(2**14))
    held = _resident()
    tables.clear()
    assert held - _resident() > 30 * 2**20


def test_a_table_is_its_process_s_own() -> None:
    table = blank((4,), np.uint8)
    child = os.fork()
    if not child:
        table[:] = 1
        os._exit(0)
    os.waitpid(child, 0)
    assert not table.any()


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
