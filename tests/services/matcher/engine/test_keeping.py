"""Compiled loops count as long as nothing of what stands in them has changed."""

import os
import subprocess
import sys
from pathlib import Path

from services.matcher.engine import keeping, resemblance

PROBE = """
import sys
from services.matcher.engine import keeping
from services.matcher.engine.compiled import compiled
if sys.argv[1] == "read-only":
    def refused(self):
        raise PermissionError("nobody may write here")
    keeping.Beside.ensure_cache_path = refused
    keeping.Copied.ensure_cache_path = lambda self: None
if sys.argv[1] == "changed":
    keeping._stamp = lambda: b"another"
sys.path.insert(0, sys.argv[2])
from loop import twice
assert twice(21) == 42
print(sum(twice.stats.cache_hits.values()))
"""
LOOP = """
from services.matcher.engine.compiled import compiled

@compiled
def twice(number):
    return 2 * number
"""


def read_from_before(how: str, folder: Path) -> bool:
    """Whether a new process read the loop that is kept in a folder, rather than compile it."""
    command = [sys.executable, "-c", PROBE, how, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(keeping.__file__).parents[3])}
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return said.stdout.strip() == "1"


def test_a_loop_is_read_by_the_next_process_and_compiled_anew_once_anything_has_changed(
    tmp_path: Path,
) -> None:
    (tmp_path / "loop.py").write_text(LOOP)
    assert not read_from_before("usual", tmp_path)
    assert read_from_before("usual", tmp_path)
    assert read_from_before("read-only", tmp_path)
    assert not read_from_before("changed", tmp_path)


def test_a_change_of_any_module_that_stands_in_loops_is_a_change(tmp_path: Path) -> None:
    part, other = tmp_path / "part.py", tmp_path / "other"
    part.write_text("LIMIT = 1")
    other.mkdir()
    (other / "more.py").write_text("")
    before = keeping.stamp_of((tmp_path, other))
    assert keeping.stamp_of((tmp_path, other)) == before
    (other / "more.py").write_text("MORE = 2")
    assert keeping.stamp_of((tmp_path, other)) != before
    part.rename(tmp_path / "renamed.py")
    (other / "more.py").write_text("")
    assert keeping.stamp_of((tmp_path, other)) != before


def test_the_engines_own_loops_are_kept_so() -> None:
    stamp = resemblance._resembling._cache._impl.locator.get_source_stamp()
    assert stamp == keeping.stamp_of(keeping.SOURCES)
