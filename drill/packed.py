"""Many seats in one process, where a machine cannot carry a process for each.

Each seat is the real terminal agent with a folder, a spool, a page and a line of its own;
they share an interpreter and an event loop, so what one of them measures has the others'
work in it. The drill's report says that it was so::

    python -m drill.packed --folder seats --appliance 127.0.0.1:8440 a01=none a02=/tmp/clip.avi
"""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from protocol.discovery import Address, read_address
from runtime.service import Service, run
from terminal_agent.agent import Options, run_terminal

log = logging.getLogger(__name__)


class _Share(Service):
    """One seat's share of the process: ready when it is, ended when the process is."""

    def __init__(self, whole: Service, seat: str) -> None:
        super().__init__(seat)
        self._whole = whole
        self.is_ready = asyncio.Event()

    def ready(self, status: str) -> None:
        """Note that this seat works."""
        log.info("ready: %s", status)
        self.is_ready.set()

    async def ended(self) -> None:
        """Return when the process is to end."""
        await self._whole.ended()


async def run_seats(options: list[Options], service: Service) -> None:
    """Run all seats until the service ends; one that fails ends them all."""
    shares = [_Share(service, each.seat) for each in options]
    async with asyncio.TaskGroup() as seats:
        for each, share in zip(options, shares, strict=True):
            seats.create_task(run_terminal(each, share), name=f"seat {each.seat}")
        for share in shares:
            await share.is_ready.wait()
        service.ready(f"{len(options)} seats")


def main(arguments: list[str] | None = None) -> int:
    """Run the seats until told to end."""
    parser = argparse.ArgumentParser(prog="drill.packed", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--appliance", type=read_address, required=True, metavar="HOST:PORT")
    parser.add_argument("seats", nargs="+", metavar="SEAT=CAMERA")
    found = parser.parse_args(arguments)
    options = [_options(found.folder, found.appliance, each) for each in found.seats]
    return run(lambda service: run_seats(options, service), name="packed seats")


def _options(folder: Path, appliance: Address, each: str) -> Options:
    seat, _, camera = each.partition("=")
    return Options(
        folder=folder / seat,
        seat=seat,
        appliance=(appliance,),
        cameras=camera or "none",
        network="loopback",
        address_file=folder / f"{seat}.page",
    )


if __name__ == "__main__":
    sys.exit(main())
