"""The page's server on loopback, spoken to over real HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from terminal_agent import gate
from terminal_agent.loopback import (
    MAX_BODY,
    PAGE_HEADER,
    SAY_EVERY_S,
    TAKEN_OVER,
    Loopback,
    _TurnedAway,
)
from terminal_agent.view import ReasonCode, Screen
from tests.unit.terminal_agent.sample_paper import CHART, CHART_NAME
from tests.unit.terminal_agent.scripted_seat import ScriptedSeat


class Visitor:
    """A client that says what it is told to say."""

    def __init__(self, loopback: Loopback, session: aiohttp.ClientSession) -> None:
        self.host = loopback.host
        self.session = session
        self.headers = {"Origin": f"http://{loopback.host}"}

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    async def enter(self, token: str) -> int:
        async with self.session.post(
            self.url("/api/enter"), json={"token": token}, headers=self.headers
        ) as reply:
            return reply.status

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        async with self.session.get(self.url(path), headers=headers) as reply:
            return reply.status, await reply.read(), reply.headers

    async def act(self, body: bytes | dict[str, Any], page: int = 1) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**self.headers, PAGE_HEADER: str(page)}
        async with self.session.post(self.url("/api/act"), data=data, headers=headers) as reply:
            return reply.status, await reply.json()

    def live(self) -> Any:
        return self.session.ws_connect(self.url("/api/live"), headers=self.headers)


@pytest.fixture
async def seat() -> ScriptedSeat:
    return ScriptedSeat()


@pytest.fixture
async def loopback(seat: ScriptedSeat) -> AsyncIterator[Loopback]:
    async with Loopback(seat) as server:
        yield server


@pytest.fixture
async def stranger(loopback: Loopback) -> AsyncIterator[Visitor]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(loopback, session)


@pytest.fixture
async def page(loopback: Loopback, stranger: Visitor) -> Visitor:
    assert await stranger.enter(loopback.token) == 204
    return stranger


async def test_it_listens_on_loopback_only(loopback: Loopback) -> None:
    """The port answers on 127.0.0.1 and on no other address of the machine."""
    port = int(loopback.host.partition(":")[2])
    for address in ("127.0.0.2", "::1"):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(address, port)


async def test_a_taken_port_is_reported(loopback: Loopback, seat: ScriptedSeat) -> None:
    """Where the port is taken, opening raises instead of moving elsewhere."""
    with pytest.raises(OSError, match="address already in use"):
        async with Loopback(seat, port=int(loopback.host.partition(":")[2])):
            pass


async def test_without_the_cookie_nothing_of_the_candidates_is_told(stranger: Visitor) -> None:
    """A visitor without the token sees the page's files and nothing else."""
    assert (await stranger.get("/"))[0] == 200
    for path in ("/api/paper", "/api/picture", f"/paper/assets/{CHART_NAME}"):
        assert (await stranger.get(path))[0] == 403
    status, reply = await stranger.act({"do": "rules_read"})
    assert (status, reply["code"]) == (403, "gate_cookie")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await stranger.live()


async def test_a_wrong_token_opens_nothing(stranger: Visitor) -> None:
    """Only this launch's token is exchanged for the cookie."""
    assert await stranger.enter("") == 403
    assert await stranger.enter("a" * 43) == 403
    assert (await stranger.get("/api/paper"))[0] == 403


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    loopback: Loopback, stranger: Visitor
) -> None:
    """The cookie is HttpOnly and SameSite=Strict, and is not the token itself."""
    async with stranger.session.post(
        stranger.url("/api/enter"), json={"token": loopback.token}, headers=stranger.headers
    ) as reply:
        cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert loopback.token not in cookie


async def test_a_rebound_name_and_a_foreign_origin_are_refused(page: Visitor) -> None:
    """Even with the cookie, another Host or Origin is turned away."""
    assert (await page.get("/", Host="evil.example"))[0] == 403
    assert (await page.get("/api/paper", Host="evil.example"))[0] == 403
    assert (await page.get("/api/paper", Origin="http://evil.example"))[0] == 403
    page.headers = {"Origin": "http://evil.example"}
    assert (await page.act({"do": "rules_read"}))[0] == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await page.live()


async def test_every_answer_carries_the_walls(seat: ScriptedSeat, page: Visitor) -> None:
    """Policy, no-store and nosniff stand on files, data, pictures and refusals alike."""
    seat.open_paper()
    for path in ("/", "/api/paper", "/api/picture", f"/paper/assets/{CHART_NAME}", "/nowhere"):
        _, _, headers = await page.get(path)
        assert headers["Cache-Control"] == "no-store", path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "script-src 'unsafe" not in policy, path


async def test_no_file_outside_the_page_is_served(page: Visitor) -> None:
    """Paths that climb out, and files that are not the page's, are not found."""
    for path in ("/../loopback.py", "/%2e%2e/loopback.py", "/..%2floopback.py", "/etc/passwd"):
        assert (await page.get(path))[0] == 404


async def test_the_paper_is_told_only_when_the_seat_has_it(
    seat: ScriptedSeat, page: Visitor
) -> None:
    """Before the release the paper is missing; afterwards it comes with order and responses."""
    status, body, _ = await page.get("/api/paper")
    assert (status, json.loads(body)["code"]) == (404, ReasonCode.PAPER_MISSING)
    seat.open_paper()
    status, body, _ = await page.get("/api/paper")
    shown = json.loads(body)
    assert status == 200
    assert [entry["item"] for entry in shown["order"]][:2] == ["s2", "s1"]
    assert (await page.get(f"/paper/assets/{CHART_NAME}"))[1] == CHART
    assert (await page.get("/paper/assets/other.png"))[0] == 404


async def test_an_answer_is_kept_and_numbered(seat: ScriptedSeat, page: Visitor) -> None:
    """An answer that reached the disk comes back with its event number."""
    seat.open_paper()
    answer = {"do": "answer", "item": "s1", "response": {"type": "chosen", "options": ["o1"]}}
    async with page.live() as line:
        await line.receive()
        assert await page.act(answer) == (200, {"ok": True, "event": 1})
    assert len(seat.events) == 1


async def test_refusals_say_why(seat: ScriptedSeat, page: Visitor) -> None:
    """A refusal and a full disk are told apart, by status and by code."""
    seat.open_paper()
    answer = {"do": "answer", "item": "s1", "response": {"type": "written", "text": "x"}}
    async with page.live() as line:
        await line.receive()
        status, reply = await page.act(answer)
        assert (status, reply["ok"], reply["code"]) == (409, False, "mismatch")
        seat.disk_full = True
        status, reply = await page.act({"do": "mark", "item": "s1", "marked": True})
        assert (status, reply["ok"], reply["code"]) == (507, False, "disk")
    assert seat.events == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"do":"fly"}',
        b'{"do":"mark","item":"s1"}',
        b'{"do":"mark","item":"S 1","marked":true}',
        b'{"do":"mark","item":"s1","marked":true,"by":"me"}',
    ],
)
async def test_what_is_no_action_is_refused(seat: ScriptedSeat, page: Visitor, body: bytes) -> None:
    """Bytes that are not one known action do not reach the seat."""
    async with page.live() as line:
        await line.receive()
        status, reply = await page.act(body)
    assert (status, reply["code"]) == (400, "bad_request")
    assert seat.acts == []


async def test_a_body_that_is_too_large_is_refused(seat: ScriptedSeat, page: Visitor) -> None:
    """A body above the limit is turned away before it is parsed."""
    async with page.live() as line:
        await line.receive()
        status, _ = await page.act(b" " * (MAX_BODY + 1))
    assert status == 413
    assert seat.acts == []


async def test_the_live_line_pushes_each_change(seat: ScriptedSeat, page: Visitor) -> None:
    """The view comes at once, and again when it has changed."""
    async with page.live() as line:
        first = (await line.receive()).json()
        assert (first["kind"], first["page"]) == ("view", 1)
        assert first["view"]["screen"] == "consent"
        seat.change(screen=Screen.LOGIN)
        assert (await line.receive()).json()["view"]["screen"] == "login"


async def test_quick_changes_are_pushed_together(seat: ScriptedSeat, page: Visitor) -> None:
    """A thousand changes in one moment arrive as the last of them, in few messages."""
    async with page.live() as line:
        await line.receive()
        for _ in range(1000):
            seat.change(hand_raised=True)
        views = [(await line.receive()).json()["view"]]
        while views[-1]["version"] != seat.shown.version:
            views.append((await line.receive()).json()["view"])
    assert len(views) <= 2


async def test_the_newest_page_takes_over(seat: ScriptedSeat, page: Visitor) -> None:
    """The older page is told, and its actions change nothing any more."""
    seat.open_paper()
    async with page.live() as old:
        assert (await old.receive()).json()["page"] == 1
        async with page.live() as new:
            assert (await new.receive()).json()["page"] == 2
            ended = await old.receive()
            assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, TAKEN_OVER)
            mark = {"do": "mark", "item": "s1", "marked": True}
            status, reply = await page.act(mark, page=1)
            assert (status, reply["code"]) == (409, "other_page")
            assert (await page.act(mark, page=2))[0] == 200
    assert len(seat.events) == 1


async def test_closing_ends_the_live_line(seat: ScriptedSeat) -> None:
    """Leaving the context ends an open line instead of waiting for it."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        async with Loopback(seat) as server:
            visitor = Visitor(server, session)
            await visitor.enter(server.token)
            line = await visitor.live()
            await line.receive()
        async with asyncio.timeout(1):
            assert (await line.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_a_page_outlives_a_restart_of_the_agent(seat: ScriptedSeat) -> None:
    """With port and token handed over, the cookie given before the restart still passes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        async with Loopback(seat, port=port) as first:
            assert await Visitor(first, session).enter(first.token) == 204
        async with Loopback(seat, port=port, token=first.token) as second:
            visitor = Visitor(second, session)
            assert await visitor.enter("") == 204
            async with visitor.live() as line:
                assert (await line.receive()).json()["page"] == 1


async def test_who_knocks_and_knocks_fills_no_log(
    stranger: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    """A hundred requests that are turned away are a line, and each of them is turned away."""
    for _ in range(100):
        status, _, _ = await stranger.get("/api/paper")
        assert status == 403
    lines = [r for r in caplog.records if "turned away" in r.getMessage()]
    assert len(lines) == 1


def test_what_was_not_said_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    """The next line, ten seconds later, names how many there were."""
    away = _TurnedAway()
    for second in (0.0, 1.0, 9.9, SAY_EVERY_S):
        away.note(gate.Barrier.COOKIE, "/api/paper", second)
    first, second = [record.getMessage() for record in caplog.records]
    assert "0 more" in first
    assert "2 more" in second
