"""A seat that a candidate sits at, as a program: its page's server, its spool, and one visitor.

``FOLDER trace``: come to the paper, answer once over HTTP, say ``replied``, end: for strace.
``FOLDER write``: answer over and over, and print each number that was called kept: to be killed.
"""

import asyncio
import sys
from pathlib import Path

import aiohttp
import msgspec

from exam.paper import Chosen
from terminal_agent import actions as do
from terminal_agent.loopback import PAGE_HEADER, Loopback
from tests.seat_hall import SampleHall, answering

OPTIONS = ("o1", "o2", "o3", "o4")


def say(line: str) -> None:
    """Tell the test, at once."""
    print(line, flush=True)  # noqa: T201 - what this program is for


async def act(http: aiohttp.ClientSession, action: do.Action) -> int:
    """Do it as the page does; return the number under which it was kept."""
    async with http.post("/api/act", data=msgspec.json.encode(action)) as reply:
        body = await reply.json()
    assert body["ok"], body
    return int(body["event"])


async def serve(folder: Path, what: str) -> None:
    """Sit down, and do as was asked."""
    hall = SampleHall()
    async with answering(folder, hall) as at, Loopback(at.seat) as page:
        headers = {"Origin": f"http://{page.host}", PAGE_HEADER: "1"}
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(
            f"http://{page.host}", headers=headers, cookie_jar=jar
        ) as http:
            token = page.token
            async with http.post("/api/enter", json={"token": token}):
                pass
            async with http.ws_connect("/api/live") as live:
                await live.receive()
                if what == "trace":
                    say("asking")
                    kept = await act(http, do.Answer(item="s2", response=Chosen(options=("o1",))))
                    say(f"replied {kept}")
                    return
                say("ready")
                for n in range(1_000_000):
                    answer = Chosen(options=(OPTIONS[n % 4],))
                    number = await act(http, do.Answer(item="s2", response=answer))
                    say(f"{number} {OPTIONS[n % 4]}")


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
