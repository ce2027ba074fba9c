"""Set up and run the centre's box; ask it and act from a shell."""

import argparse
import sys
from pathlib import Path
from typing import Any

from appliance import commands
from appliance.act_words import table
from appliance.ipc.settings import default_path


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parse(arguments)
    try:
        return int(options.run(options))
    except commands.COMMAND_ERRORS as error:
        print(f"exam-appliance: {commands.say_error(error, options)}", file=sys.stderr)
        return 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse; fields of an act may stand on either side of its options."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and ("fields" not in options or any(word.startswith("-") for word in rest)):
        parser.error(f"not understood: {' '.join(rest)}")
    if rest:
        options.fields += rest
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exam-appliance", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config",
        type=Path,
        default=default_path(),
        help="the box's settings (default: %(default)s, or as EXAMHALL_CONFIG says)",
    )
    common.add_argument("--language", choices=("zh", "en"), help="else by LANG")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")

    install = parsers.add_parser(
        "install", parents=[common], help="take the identity that the office delivered"
    )
    install.add_argument(
        "identity", type=Path, help="ID.CENTRE.identity.json as the office made it"
    )
    install.add_argument("--code", help="the installation code; asked for where it is missing")
    install.set_defaults(run=commands.install)

    take = parsers.add_parser(
        "import", parents=[common], help="take a bundle from a folder or a stick"
    )
    take.add_argument("folder", type=Path)
    take.add_argument(
        "--put-aside",
        action="store_true",
        help="take another sitting's bundle though the present one is under way; its record stays",
    )
    take.set_defaults(run=commands.take)

    run = parsers.add_parser("run", parents=[common], help="run one process")
    run.add_argument("process", choices=sorted(commands.PROCESSES))
    run.add_argument(
        "--wait",
        action="store_true",
        help="where the box is not installed or has no bundle yet, wait for it (else: exit code "
        f"{commands.NOT_SET_UP})",
    )
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
    _add_act(parsers, [common])
    return parser


def _add_act(parsers: Any, parents: list[argparse.ArgumentParser]) -> None:
    act = parsers.add_parser(
        "act",
        parents=parents,
        help="do what the console does, signed with a staff key",
        description="Do what the console does, signed with a staff key. A candidate is named by "
        "the label of the seat, the name or the ID number; all is everybody.",
        epilog=f"acts:\n{table()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    act.add_argument("--staff", help="who acts; else whose key is the only one")
    act.add_argument(
        "--staff-key", type=Path, help="their key file; else NAME.staff.pem in the box's staff_keys"
    )
    act.add_argument("--passphrase-file", type=Path, help="else the passphrase is asked for")
    act.add_argument("--second", metavar="STAFF", help="a second person who signs a grave act")
    act.add_argument("--second-key", type=Path, help="their key file; else as for --staff-key")
    act.add_argument(
        "--second-passphrase-file", type=Path, help="else their passphrase is asked for"
    )
    act.add_argument("--code", action="append", default=[], help="an unlock code, for 'unlock'")
    act.add_argument("act", metavar="ACT", help="see below")
    act.add_argument("fields", nargs="*", metavar="NAME=VALUE", help="see below")
    act.set_defaults(run=commands.act)


if __name__ == "__main__":
    sys.exit(main())
