"""A terminal for the tests of the hall: finds the appliance, says where as JSON lines.

``hall_terminal.py NETWORK MACHINE SEAT|- RENEW_S [ADDRESS...]``; the real appliance is whoever
answers with ``REAL`` at the address. NETWORK is ``lan`` or ``loopback``.
"""

import asyncio
import sys

import msgspec

from protocol.discovery import Address, read_address
from runtime.interfaces import loopback_only, shapes
from runtime.mdns import Timing
from terminal_agent.finding import Candidate, Finder, Source

NETWORKS = {"lan": shapes, "loopback": loopback_only}
REAL = b"the real one\n"


def say(**facts: object) -> None:
    sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
    sys.stdout.flush()


async def prove(address: Address) -> str | None:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(*address)
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return None
    return str(address) if line == REAL else None


async def gone(address: Address) -> None:
    while await prove(address):  # noqa: ASYNC110 - being there is no event
        await asyncio.sleep(0.5)


async def main(network: str, machine: str, seat: str, renew_s: str, *given: str) -> None:
    finder = Finder(
        machine=int(machine, 16),
        seat=None if seat == "-" else seat,
        given=[Candidate(read_address(each), Source.TYPED) for each in given],
        networks=NETWORKS[network],
        timing=Timing(renew_from_s=float(renew_s), renew_to_s=2 * float(renew_s)),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(finder.run())
        while True:
            say(found=await finder.search(prove))
            where = finder.candidates[0].address
            await gone(where)
            say(lost=str(where))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
