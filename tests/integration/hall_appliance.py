"""An appliance for the tests of the hall: the real discovery, and a core that prints.

``hall_appliance.py NETWORK FOLDER RENEW_S SEAT...``: every line is a `TerminalsSeen` as JSON,
as core hears it over the socket.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from appliance.discovery import memory
from appliance.discovery.service import Discovery
from appliance.ipc.discovery import CHANNEL, Roster, TerminalsSeen
from runtime.database import Database
from runtime.ipc import Client
from runtime.mdns import Timing
from runtime.tasks import Tasks
from tests.integration.hall_terminal import NETWORKS, REAL

PORT = 8443


def say(news: TerminalsSeen) -> None:
    sys.stdout.write(msgspec.json.encode(news).decode() + "\n")
    sys.stdout.flush()


async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(REAL)
    writer.close()


async def main(network: str, folder: str, renew_s: str, *seats: str) -> None:
    socket = Path(folder, "discovery.sock")
    async with (
        await asyncio.start_server(answer, "0.0.0.0", PORT),
        Database(Path(folder, "discovery.db"), memory.SCHEMA) as database,
        Client(socket, CHANNEL, on_event=say) as client,
        Tasks("appliance") as tasks,
    ):
        discovery = Discovery(
            appliance="box",
            centre="c017",
            port=PORT,
            socket=socket,
            database=database,
            networks=NETWORKS[network],
            timing=Timing(renew_from_s=float(renew_s), renew_to_s=2 * float(renew_s)),
        )
        tasks.start("discovery", discovery.run())
        await client.ask(Roster(seats=seats))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
