"""The seat's settings: a file, the command line, or both."""

import re
from pathlib import Path

import pytest

from protocol.discovery import Address
from terminal_agent.agent import write_address
from terminal_agent.cli import main
from terminal_agent.settings import Settings, SettingsError, options, read_settings
from tests.source_tree import ROOT


def written(folder: Path, text: str) -> Path:
    path = folder / "seat.toml"
    path.write_text(text, "utf-8")
    return path


def test_what_is_typed_goes_before_the_file(tmp_path: Path) -> None:
    """The file sets the seat up; a word on the command line changes one thing of it."""
    path = written(tmp_path, 'seat = "A07"\ncamera = "none"\nappliance = ["10.0.0.1:8440"]\n')
    found = options(read_settings(path, {"camera": "auto"}))
    assert (found.seat, found.cameras) == ("a07", "auto")
    assert found.appliance == (Address("10.0.0.1", 8440),)


def test_without_a_file_everything_has_a_default() -> None:
    """A seat that was told nothing looks for its appliance on every interface."""
    found = options(read_settings(None, {}))
    assert (found.seat, found.network, found.appliance) == ("", "lan", ())
    assert found.folder == Path(Settings().folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('seat = "A 07"', "got 'a 07'"),
        ('appliance = ["10.0.0.1"]', "expected host:port"),
        ('place = "A07"', "unknown field `place`"),
        ("camera = 1", "$.camera"),
        ("camera", "seat.toml"),
    ],
)
def test_a_wrong_setting_is_named(text: str, expected: str, tmp_path: Path) -> None:
    """Each mistake says where it is."""
    with pytest.raises(SettingsError) as error:
        options(read_settings(written(tmp_path, text), {}))
    assert expected in str(error.value)


def test_a_file_that_is_not_there_ends_the_program_with_its_name(capsys) -> None:
    """The unit's command says which file it expected."""
    assert main(["run", "--config", "/nowhere/seat.toml"]) == 2
    assert "/nowhere/seat.toml" in capsys.readouterr().err


def test_the_unit_s_settings_are_sound() -> None:
    """The file that is installed beside the unit names the folders that the unit makes."""
    found = options(read_settings(ROOT / "systemd" / "seat.toml", {}))
    unit = (ROOT / "systemd" / "exam-seat.service").read_text("utf-8")
    assert f"StateDirectory={found.folder.name}\n" in unit
    assert found.address_file is not None
    assert f"RuntimeDirectory={found.address_file.parent.name}\n" in unit


@pytest.mark.parametrize(("readers", "mode"), [("owner", 0o600), ("group", 0o640)])
def test_the_page_s_address_is_readable_as_the_settings_say(
    tmp_path: Path, readers: str, mode: int
) -> None:
    """A kiosk's user of the seat's group may read it where that is set, and nobody else ever."""
    found = options(read_settings(written(tmp_path, f'address_readers = "{readers}"\n'), {}))
    path = tmp_path / "page"
    path.write_text("an older one")
    path.chmod(0o666)
    write_address(path, "http://127.0.0.1:1/#token", found.address_mode)
    assert path.read_text() == "http://127.0.0.1:1/#token\n"
    assert path.stat().st_mode & 0o777 == mode


def test_the_kiosk_s_user_is_in_the_group_that_reads_the_address() -> None:
    """Unit, users and settings agree on who opens the page."""
    units = ROOT / "systemd"
    assert options(read_settings(units / "seat.toml", {})).address_mode == 0o640
    group = re.search(
        r"^Group=(.+)$", (units / "exam-seat.service.d" / "own.conf").read_text(), re.MULTILINE
    )
    assert group is not None
    assert f"m examhall-kiosk {group[1]}\n" in (units / "examhall.sysusers").read_text()
