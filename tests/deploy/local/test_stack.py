"""The data directory: lock, keys, description; and the ports."""

import json
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.programs import check_ports_free
from deploy.local.stack import (
    DataDirectory,
    Ports,
    StackError,
    describe,
    is_running,
    load_keys,
    locked,
    make_keys,
    running_ports,
)

PORTS = Ports.from_base(8100)


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "data")


def test_ports_count_from_the_base() -> None:
    assert PORTS.items() == [
        ("portal", 8100),
        ("requests", 8101),
        ("offers", 8102),
        ("matcher", 8103),
        ("broker", 8108),
        ("database", 8109),
    ]


def test_only_one_may_own_the_directory(directory: DataDirectory) -> None:
    assert not is_running(directory)
    with locked(directory):
        assert is_running(directory)
        with pytest.raises(StackError, match="already"), locked(directory):
            pass
        assert is_running(directory)
    assert not is_running(directory)


def test_the_lock_of_a_killed_owner_is_free(directory: DataDirectory) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from deploy.local.stack import DataDirectory, locked\n"
        "with locked(DataDirectory(pathlib.Path(sys.argv[1]))):\n"
        "    print('locked', flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(directory.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        assert is_running(directory)
        process.kill()
    assert not is_running(directory)
    with locked(directory):
        assert is_running(directory)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with (
        pytest.raises(StackError, match="name another with --data-dir"),
        locked(DataDirectory(file)),
    ):
        pass


def test_keys_are_made_once_and_private(directory: DataDirectory) -> None:
    with locked(directory):
        first = make_keys(directory)
        again = make_keys(directory)
    assert (again.term_key, again.portal_key) == (first.term_key, first.portal_key)
    assert first.portal_key != first.term_key
    assert again.pair.public == first.pair.public
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.keys.iterdir()}
    assert modes == {
        "private.jwk": 0o600,
        "jwks.json": 0o600,
        "term.key": 0o600,
        "portal.key": 0o600,
    }
    assert stat.S_IMODE(directory.keys.stat().st_mode) == 0o700


def test_damaged_keys_are_told_not_replaced(directory: DataDirectory) -> None:
    with locked(directory):
        make_keys(directory)
        (directory.keys / "private.jwk").write_text("{")
        with pytest.raises(StackError, match="cannot be read"):
            make_keys(directory)
    with pytest.raises(StackError, match="cannot be read"):
        load_keys(directory)


def test_a_description_counts_only_while_its_stack_runs(directory: DataDirectory) -> None:
    with locked(directory):
        describe(directory, PORTS, {"broker": 17})
        assert running_ports(directory) == PORTS
        content = json.loads(directory.description.read_text())
        assert content["processes"] == {"broker": 17}
        assert content["addresses"]["requests"] == "http://127.0.0.1:8101"
    with pytest.raises(StackError, match="no stack runs on"):
        running_ports(directory)


def between_free_ports() -> socket.socket:
    """A socket that listens on a port whose two before it nobody else has."""
    while True:
        taken = socket.create_server(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        try:
            for before in (port - 2, port - 1):
                socket.create_server(("127.0.0.1", before)).close()
        except OSError:
            taken.close()
        else:
            return taken


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with between_free_ports() as taken:
        base = taken.getsockname()[1] - 2
        with pytest.raises(StackError) as caught:
            check_ports_free(Ports.from_base(base))
    assert f"port {base + 2} (for offers)" in str(caught.value)
    assert f"--port-base {base + 100}" in str(caught.value)
