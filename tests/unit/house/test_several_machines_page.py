"""docs/several_machines.md agrees with the units, the settings and the package."""

import re

import pytest

from appliance.ipc.settings import Listen
from tests.source_tree import ROOT, pyproject

PAGE = (ROOT / "docs" / "several_machines.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
UNITS = ROOT / "systemd"


def test_every_file_beside_the_units_is_put_somewhere() -> None:
    """What the page copies and installs is all that lies in systemd/."""
    patterns = re.findall(r"systemd/([\w.*-]+)", CODE)
    put = {path for pattern in patterns for path in UNITS.glob(pattern)}
    assert put == set(UNITS.iterdir())


@pytest.mark.parametrize("port", [Listen().seats, Listen().faces, Listen().recordings])
def test_every_port_of_the_box_is_named(port: int) -> None:
    """The ports that a firewall has to open are those that the box listens on."""
    assert re.search(rf"^\| box \| TCP [\d, ]*\b{port}\b", PAGE, re.MULTILINE)


def test_every_user_is_named() -> None:
    """Each user that systemd makes is on the page."""
    users = re.findall(r"^u (\S+)", (UNITS / "examhall.sysusers").read_text("utf-8"), re.MULTILINE)
    assert users
    assert all(f"`{user}`" in PAGE for user in users)


def test_the_commands_lie_where_the_units_look() -> None:
    """The page installs into the folder in which each unit names a command of ours."""
    starts = [path.read_text("utf-8") for path in UNITS.glob("exam-*.service")]
    looked = {
        found.group(1)
        for text in starts
        for found in re.finditer(r"^ExecStart=(\S+)", text, re.MULTILINE)
    }
    named = set(re.findall(r"/opt/examhall/bin/(exam-[a-z]+)", PAGE))
    assert looked <= {f"/opt/examhall/bin/{name}" for name in pyproject()["project"]["scripts"]}
    assert named <= set(pyproject()["project"]["scripts"])
    assert "-m venv /opt/examhall" in CODE
