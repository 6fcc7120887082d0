"""The tests' own servers end with whoever started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.servers import free_port, wait_until
from tests.serving import serve

REPOSITORY = Path(__file__).parent.parent
MUTE = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
LISTENING = (
    "import os, socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[2])));"
    " open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
)
STARTER = """
import sys, time
from pathlib import Path
from tests.serving import serve
serve([sys.executable, "-c", sys.argv[1], *sys.argv[2:4]], int(sys.argv[3]), Path(sys.argv[4]))
print("serving", flush=True)
time.sleep(60)
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    # One that is dead waits for whoever inherited it to ask how it ended.
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_server_that_does_not_come_up_is_stopped(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    command = [sys.executable, "-c", MUTE, str(told)]
    with pytest.raises(Exception, match="starting"):
        serve(command, free_port(), tmp_path / "log", timeout_seconds=2)
    assert not alive(int(told.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_a_server_dies_with_a_killed_worker_of_the_tests(tmp_path: Path) -> None:
    told, port = tmp_path / "pid", str(free_port())
    command = [sys.executable, "-c", STARTER, LISTENING, str(told), port, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"serving\n"
        starter.send_signal(signal.SIGKILL)
    server = int(told.read_text())
    wait_until(lambda: not alive(server), 10, "the server's end")
