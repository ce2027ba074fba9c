"""A process under systemd waits quietly for what the box has not been given yet."""

import asyncio
from pathlib import Path

from appliance.ipc.identity import FILE
from appliance.ipc.set_up import Lacking, lacking, set_up_or_ended
from appliance.ipc.settings import Settings
from runtime.service import Service


def settings_of(folder: Path) -> Settings:
    return Settings(state=str(folder / "state"), run=str(folder / "run"))


def give_identity(settings: Settings, process: str) -> None:
    folder = settings.state_folder / process
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"{}")


def give_bundle(settings: Settings) -> None:
    settings.bundles.mkdir(parents=True)
    (settings.bundles / "current").write_text("s.c.r001\n", "ascii")


def test_each_process_says_what_it_lacks(tmp_path: Path) -> None:
    """First its own part of the identity; then, where it reads one, the bundle."""
    settings = settings_of(tmp_path)
    assert lacking(settings, "core") is Lacking.IDENTITY
    for process in ("core", "faces"):
        give_identity(settings, process)
    assert lacking(settings, "core") is Lacking.BUNDLE
    assert lacking(settings, "faces") is None
    give_bundle(settings)
    assert lacking(settings, "core") is None


async def test_it_goes_on_when_the_box_is_set_up(tmp_path: Path, monkeypatch) -> None:
    """Each thing that is missing is said once, and the process works as soon as all is there."""
    monkeypatch.setattr("appliance.ipc.set_up._LOOK_S", 0.01)
    settings, said = settings_of(tmp_path), []

    def say(what: Lacking) -> str:
        said.append(what)
        (give_bundle if what is Lacking.BUNDLE else lambda s: give_identity(s, "core"))(settings)
        return what.value

    assert await set_up_or_ended(Service("core"), settings, "core", say)
    assert said == [Lacking.IDENTITY, Lacking.BUNDLE]


async def test_it_ends_when_told_while_it_waits(tmp_path: Path) -> None:
    """A process that waits for its bundle ends at once when it is told to."""
    service = Service("core")
    asyncio.get_running_loop().call_soon(service.end, "told")
    waiting = set_up_or_ended(service, settings_of(tmp_path), "core", lambda what: what.value)
    assert not await asyncio.wait_for(waiting, 10)
