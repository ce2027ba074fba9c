"""``exam-terminal``: one seat on this machine."""

import argparse
import sys
from pathlib import Path

from protocol.discovery import Address, AddressError, read_address
from runtime.service import Service, run
from terminal_agent.agent import Options, run_terminal


def main(arguments: list[str] | None = None) -> int:
    """Run the seat until it is told to end."""
    options = _options(arguments)

    async def seat(service: Service) -> None:
        await run_terminal(options, service)

    return run(seat, name=f"terminal {options.seat}".strip())


def _options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="exam-terminal", description=__doc__)
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("/var/lib/examhall-seat"),
        help="the seat's keys and spool (default: %(default)s)",
    )
    parser.add_argument("--seat", default="", help="the seat's name, if it is known already")
    parser.add_argument(
        "--appliance",
        type=_address,
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="where the appliance is, where mDNS does not reach; may be repeated",
    )
    parser.add_argument("--page-port", type=int, default=0, help="port of the page on loopback")
    parser.add_argument("--address-file", type=Path, help="where to write the page's address")
    parser.add_argument("--camera", default="auto", help="auto: USB cameras; none; or a video file")
    parser.add_argument(
        "--network",
        choices=("lan", "loopback"),
        default="lan",
        help="where to look for the appliance: every interface, or this machine only",
    )
    found = parser.parse_args(arguments)
    return Options(
        folder=found.folder,
        seat=found.seat,
        appliance=tuple(found.appliance),
        page_port=found.page_port,
        cameras=found.camera,
        network=found.network,
        address_file=found.address_file,
    )


def _address(text: str) -> Address:
    try:
        return read_address(text)
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
