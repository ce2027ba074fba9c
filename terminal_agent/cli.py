"""Run one seat on this machine."""

import argparse
import sys
from pathlib import Path

from runtime.service import Service, run
from terminal_agent.agent import Options, run_terminal
from terminal_agent.settings import Settings, SettingsError, options, read_settings


def main(arguments: list[str] | None = None) -> int:
    """Run the seat until it is told to end."""
    typed = vars(_parser().parse_args(arguments))
    typed.pop("command")
    try:
        wanted = options(read_settings(typed.pop("config", None), typed))
    except SettingsError as error:
        print(f"exam-terminal: {error}", file=sys.stderr)
        return 2
    return run(lambda service: _seat(wanted, service), name=f"terminal {wanted.seat}".strip())


async def _seat(wanted: Options, service: Service) -> None:
    await run_terminal(wanted, service)


def _parser() -> argparse.ArgumentParser:
    """Make the parser; what is not typed does not stand in its result."""
    parser = argparse.ArgumentParser(
        prog="exam-terminal", description=__doc__, argument_default=argparse.SUPPRESS
    )
    parser.add_argument("command", nargs="?", choices=["run"], default="run", help="run the seat")
    parser.add_argument("--config", type=Path, help="the seat's settings, a TOML file")
    parser.add_argument("--folder", help=f"the seat's keys and spool (else {Settings().folder})")
    parser.add_argument("--seat", help="the label of the seat; else it is typed at the pairing")
    parser.add_argument(
        "--appliance",
        action="append",
        metavar="HOST:PORT",
        help="where the appliance is, where mDNS does not reach; may be repeated",
    )
    parser.add_argument("--camera", help="auto: USB cameras (default); none; or a film's path")
    parser.add_argument("--page-port", type=int, help="port of the page on loopback (a free one)")
    parser.add_argument("--address-file", help="where to write the page's address")
    parser.add_argument(
        "--network",
        choices=("lan", "loopback"),
        help="where to look for the appliance: every interface (default), or this machine only",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
