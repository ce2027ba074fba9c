"""Perform and measure a whole exam hall on one machine."""

import argparse
import sys
from pathlib import Path

from drill import commands, rehearsal
from drill.demo import command as demo


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except commands.COMMAND_ERRORS as error:
        print(f"exam-drill: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exam-drill", description=__doc__)
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")

    day = parsers.add_parser("day", help="perform an exam day without a person, and report on it")
    day.add_argument("--seats", type=int, default=5, help="how many seats (default: %(default)s)")
    day.add_argument(
        "--minutes", type=int, default=2, help="the candidates' own time (default: %(default)s)"
    )
    day.add_argument("--report", type=Path, help="where the JSON report goes")
    day.add_argument(
        "--seed", default="1", help="what candidates do follows from it (default: %(default)s)"
    )
    day.add_argument("--cut-line", action="store_true", help="cut the line to the office meanwhile")
    day.add_argument(
        "--impostors",
        type=int,
        default=0,
        metavar="K",
        help="seats where another person sits (default: %(default)s)",
    )
    day.add_argument(
        "--cameras", type=int, metavar="K", help="seats with a camera (default: all, 20 at most)"
    )
    day.add_argument("--folder", type=Path, help="keep everything here (default: removed)")
    day.set_defaults(run=commands.day)

    chaos = parsers.add_parser("chaos", help="perform a day in which everything goes wrong")
    chaos.add_argument("--seats", type=int, default=3, help="how many seats (default: %(default)s)")
    chaos.add_argument(
        "--minutes", type=float, default=5.0, help="how long it goes wrong (default: %(default)s)"
    )
    chaos.add_argument("--seed", help="which faults, and when (default: drawn, and printed)")
    chaos.add_argument("--report", type=Path, help="where the JSON report goes")
    chaos.set_defaults(run=commands.chaos)
    demo.add_to(parsers)
    rehearsal.add_to(parsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
