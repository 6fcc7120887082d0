"""The commands of docs/using.md, run as they stand there against real processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.running import Stack
from deploy.local.stack import DEFAULT_PORT_BASE, SERVICES, Ports

pytestmark = pytest.mark.journey

GUIDE = Path(__file__).parents[3] / "docs" / "using.md"
SECONDS = 180


def commands(stack: Stack) -> str:
    """The guide's shell blocks as one script, its ports replaced by the stack's."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    usual, actual = Ports.from_base(DEFAULT_PORT_BASE), stack.plan.ports
    script = "\n".join(blocks)
    for name in SERVICES:
        assert usual.url(name) in script
        script = script.replace(usual.url(name), actual.url(name))
    return script


@pytest.mark.long
def test_the_guide_does_what_it_says(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / ".entraide").symlink_to(stack.plan.directory.path.resolve())
    script = tmp_path / "commands.sh"
    script.write_text(commands(stack))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ENTRAIDE_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "no_proxy": "127.0.0.1",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = done.stdout.splitlines()
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    told = (
        "urn:entraide:problem:stale",
        "circulated",
        "published",
        "ongoing",
        "1",
        "endorsed",
        "donor-agreed",
        "agreed",
        "held",
        "delivering",
        "released",
    )
    places = [said.index(word) for word in told]
    assert places == sorted(places), said
    assert any(line.startswith("Nothing was committed: ") for line in said)
    assert "a script made a draft" in said
    assert any(line.startswith("a script was refused: ") for line in said)
    assert "needs[0].kind" in said[-1]
    assert "needs[0].quantity" in said[-1]
