"""The console is a client: core may go and come, the console may be killed, nothing is harmed."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from msgspec.structs import replace

from appliance.console import cli
from appliance.console.link import HallLink, LinkLostError
from appliance.console.main_screen import MainScreen
from appliance.console.messages import Language
from appliance.ipc import staff_client
from protocol import staff_api as api
from tests import sample_halls as halls
from tests.consoles import console
from tests.scripted_desk import KEY, scripted_desk
from tests.waiting import until

PASSPHRASE = "correct horse"


# --- the line to core ----------------------------------------------------------------------------


async def test_core_lost_is_said_and_the_last_picture_stays(tmp_path: Path) -> None:
    """The console says of when its picture is, greys it, and joins again by itself."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.desk.offline()
        await c.until(c.has("连不上考场主机"))
        assert "画面停在 09:40:00" in c.text()
        assert c.app.screen.has_class("stale")
        assert "有 3 件事等人处理" in c.text()
        await c.desk.online()
        await c.until(lambda: not c.app.screen.has_class("stale"))
        assert c.app.view.connected


async def test_a_console_without_core_waits(tmp_path: Path) -> None:
    """Started too early it says which socket it waits for, and shows the hall when core comes."""
    async with console(
        halls.in_the_exam(), tmp_path, language=Language.EN, before=lambda desk: desk.offline()
    ) as c:
        assert "Connecting to the appliance" in c.text()
        assert str(c.desk.socket) in c.text()
        await c.desk.online()
        await c.until(c.has("3 things need a person"))


async def test_an_act_during_the_outage_is_kept_and_done_once(tmp_path: Path) -> None:
    """What was typed stays; after the outage Enter sends it, the same act with its nonce."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("enter", "p")
        await c.type("xy")
        c.desk.loses_replies = True
        await c.press("enter")
        await c.until(c.has("没有执行：连不上考场主机"))
        await c.desk.offline()
        await c.press("enter")
        await c.until(c.has("没有执行"))
        c.desk.loses_replies = False
        await c.desk.online()
        await c.press("enter")
        await c.until(lambda: len(c.desk.asked) == 2)
        first, second = c.desk.asked
        assert first == second
        assert second.act == api.Pause(candidate="c-01", reason="xy")


async def test_a_core_of_another_version_is_named(tmp_path: Path) -> None:
    """Words that the console does not know are no silence: the technician is asked for."""

    async def changes(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('{"hall": "of next year"}')
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get(api.CHANGES, changes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "staff.sock")).start()
    link = HallLink(tmp_path / "staff.sock", "wang", KEY)
    news = link.follow()
    lost = await anext(news)
    assert "HallStatus" in lost.detail
    await news.aclose()
    await runner.cleanup()


async def test_somebody_who_is_not_on_the_list_is_told(tmp_path: Path) -> None:
    """A key that this sitting does not know is pointed out before the first refusal."""
    hall = replace(halls.in_the_exam(), staff={"li": "李监考"})
    async with console(hall, tmp_path, language=Language.EN) as c:
        assert "wang is not on this sitting's staff list" in c.text()


async def test_nobody_answers_is_no_answer(tmp_path: Path) -> None:
    """An act at a socket that is not there raises, and a picture is none."""
    link = HallLink(tmp_path / "nobody.sock", "wang", KEY)
    asked = link.asked(halls.in_the_exam(), api.LowerHand(candidate="c-03"))
    with pytest.raises(LinkLostError):
        await link.ask(asked)
    assert await link.picture("c-03", "roster") is None


async def test_many_changes_are_gathered(tmp_path: Path) -> None:
    """However often core speaks, the screen is drawn at most twice a second."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        screen = c.app.screen
        assert isinstance(screen, MainScreen)
        drawn: list[object] = []
        show = screen.show_hall
        screen.show_hall = lambda view: (drawn.append(view), show(view))[1]  # type: ignore[method-assign]
        for second in range(1, 21):
            c.app.receive(replace(halls.in_the_exam(), hall_time=halls.NINE + second * 1000))
        await c.until(lambda: c.app.is_drawn)
        assert len(drawn) == 1


# --- the program itself --------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> list[str]:
    """Return the options of a console whose core would be in the test's folder."""
    key = Ed25519PrivateKey.from_private_bytes(b"the staff key of a test, 32 byte")
    pem = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())
    )
    (tmp_path / "wang.pem").write_bytes(pem)
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n", encoding="utf-8")
    config = f'state = "{tmp_path}"\nrun = "{tmp_path}"\n'
    (tmp_path / "appliance.toml").write_text(config, encoding="utf-8")
    return [
        "--config", str(tmp_path / "appliance.toml"),
        "--staff", "wang",
        "--staff-key", str(tmp_path / "wang.pem"),
        "--passphrase-file", str(tmp_path / "passphrase"),
    ]  # fmt: skip


def test_without_a_terminal_it_says_what_else_to_use(settings, capsys) -> None:
    """No TTY, no console: the message names the commands that need none."""
    assert cli.main(settings) == 2
    assert "exam-appliance act" in capsys.readouterr().err


def test_a_wrong_passphrase_is_refused_before_anything_is_drawn(
    settings, tmp_path, capsys, monkeypatch
) -> None:
    """The key that cannot be opened is named."""
    monkeypatch.setattr(cli, "has_terminal", lambda: True)
    (tmp_path / "passphrase").write_text("wrong\n", encoding="utf-8")
    assert cli.main(settings) == 1
    assert "wang.pem" in capsys.readouterr().err


class OnTerminal:
    """The console as its own program, on a terminal of its own."""

    def __init__(self, options: list[str]) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        command = [sys.executable, "-m", "appliance.console.cli", *options]
        self.program = subprocess.Popen(
            command,
            stdin=slave, stdout=slave, stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        )  # fmt: skip
        os.close(slave)
        self._seen = bytearray()
        asyncio.get_running_loop().add_reader(self.master, self._read)

    def _read(self) -> None:
        try:
            self._seen += os.read(self.master, 65536)
        except OSError:  # the program has ended
            asyncio.get_running_loop().remove_reader(self.master)

    async def until(self, words: str) -> None:
        """Wait until the terminal was sent these words."""
        await until(lambda: words in self._seen.decode(errors="replace"), seconds=40)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.master, keys.encode())

    async def ended(self) -> int:
        """Wait for the end; return the exit code."""
        return await asyncio.to_thread(self.program.wait, 20)


async def test_the_program_runs_on_a_terminal_and_ends_when_asked(settings, tmp_path) -> None:
    """exam-console draws the hall, and Q, Y ends it with code 0."""
    async with scripted_desk(halls.in_the_exam(), tmp_path):
        terminal = OnTerminal(settings)
        await terminal.until("欧阳修文")
        terminal.type("q")
        await terminal.until("关闭监考台")
        terminal.type("y")
        assert await terminal.ended() == 0


async def test_a_killed_console_harms_nothing(settings, tmp_path) -> None:
    """After kill -9 core answers as before, and another console shows the same."""
    async with scripted_desk(halls.in_the_exam(), tmp_path) as desk:
        terminal = OnTerminal(settings)
        await terminal.until("欧阳修文")
        terminal.program.send_signal(signal.SIGKILL)
        assert await terminal.ended() == -signal.SIGKILL
        assert await staff_client.fetch_status(desk.socket) == halls.in_the_exam()
        assert desk.asked == []
        again = OnTerminal(settings)
        await again.until("欧阳修文")
        again.program.kill()
        await again.ended()
