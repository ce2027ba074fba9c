"""``exam-appliance``: install, take bundles, run the processes, ask and act from a shell."""

import argparse
import sys
from pathlib import Path

from appliance import commands


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except commands.COMMAND_ERRORS as error:
        print(f"exam-appliance: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exam-appliance", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config",
        type=Path,
        default=Path("/etc/examhall/appliance.toml"),
        help="the box's settings (default: %(default)s)",
    )
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")

    install = parsers.add_parser(
        "install", parents=[common], help="take the identity that the office delivered"
    )
    install.add_argument("identity", type=Path, help="ID.identity.json as the office made it")
    install.add_argument("--code", help="the installation code; asked for where it is missing")
    install.set_defaults(run=commands.install)

    take = parsers.add_parser(
        "import", parents=[common], help="take a bundle from a folder or a stick"
    )
    take.add_argument("folder", type=Path)
    take.set_defaults(run=commands.take)

    run = parsers.add_parser("run", parents=[common], help="run one process")
    run.add_argument("process", choices=sorted(commands.PROCESSES))
    run.set_defaults(run=commands.run_process)

    serve = parsers.add_parser("serve", parents=[common], help="run all processes under one parent")
    serve.set_defaults(run=commands.serve)

    out = parsers.add_parser(
        "write-parcels", parents=[common], help="copy what the office has not verified to a stick"
    )
    out.add_argument("folder", type=Path)
    out.set_defaults(run=commands.write_parcels)

    back = parsers.add_parser(
        "take-receipts", parents=[common], help="read office receipts from a stick"
    )
    back.add_argument("folder", type=Path)
    back.set_defaults(run=commands.take_receipts)

    status = parsers.add_parser("status", parents=[common], help="show the hall")
    status.add_argument("--json", action="store_true", help="as JSON, whole")
    status.set_defaults(run=commands.status)

    act = parsers.add_parser(
        "act", parents=[common], help="do what the console does, signed with a staff key"
    )
    act.add_argument("--staff-key", type=Path, required=True, help="the staff member's key file")
    act.add_argument("--staff", required=True, help="the staff member's identifier")
    act.add_argument("--passphrase-file", type=Path, help="else it is asked for")
    act.add_argument("act", help='one act as JSON, such as \'{"kind": "arm", ...}\', or its name')
    act.add_argument("fields", nargs="*", help="NAME=VALUE of the act")
    act.add_argument("--code", action="append", default=[], help="an unlock code, for 'unlock'")
    act.set_defaults(run=commands.act)
    return parser


if __name__ == "__main__":
    sys.exit(main())
