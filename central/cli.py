"""Lay the office out, enrol bundles, receive, verify, show what is here."""

import argparse
import sys
from pathlib import Path

from central import commands
from central.layout import Layout
from central.office import check_office


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.run is not commands.init:
            check_office(Layout(options.home))
        return int(options.run(options))
    except commands.COMMAND_ERRORS as error:
        print(f"exam-central: {commands.say_error(error, options)}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exam-central", description=__doc__)
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    language = argparse.ArgumentParser(add_help=False)
    language.add_argument("--language", choices=("zh", "en"), help="else by LANG")
    home = argparse.ArgumentParser(add_help=False, parents=[language])
    home.add_argument("home", type=Path, metavar="OFFICE", help="the office's folder")

    init = parsers.add_parser("init", parents=[home], help="take the identity made for this office")
    init.add_argument(
        "identity", type=Path, help="OFFICE.server.identity.json as exam-provision made it"
    )
    init.add_argument("--code", help="the installation code; asked for where it is missing")
    init.add_argument("--listen", default="0.0.0.0:8450", metavar="HOST:PORT")
    init.set_defaults(run=commands.init)

    enrol = parsers.add_parser("enrol", parents=[home], help="know the boxes and staff of a bundle")
    enrol.add_argument("bundle", type=Path, help="the bundle's folder, or a stick's")
    enrol.set_defaults(run=commands.take_bundle)

    revoke = parsers.add_parser("revoke", parents=[home], help="take the list of revocations")
    revoke.add_argument("list", type=Path, help="as exam-provision revocations wrote it")
    revoke.set_defaults(run=commands.take_revocations)

    serve = parsers.add_parser("serve", parents=[home], help="receive and verify, two processes")
    serve.set_defaults(run=commands.serve)

    run = parsers.add_parser("run", parents=[language], help="run one process")
    run.add_argument("part", choices=commands.PARTS)
    run.add_argument("home", type=Path, metavar="OFFICE")
    run.set_defaults(run=commands.run_part)

    verify = parsers.add_parser("verify", parents=[home], help="verify what was received, once")
    verify.add_argument("--again", action="store_true", help="refused parcels too")
    verify.set_defaults(run=commands.verify)

    status = parsers.add_parser("status", parents=[home], help="what is here, and what is not")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=commands.status)

    bring = parsers.add_parser("import", parents=[home], help="take parcels from a stick")
    bring.add_argument("folder", type=Path)
    bring.set_defaults(run=commands.import_stick)

    out = parsers.add_parser("export-receipts", parents=[home], help="write receipts to a stick")
    out.add_argument("folder", type=Path)
    out.set_defaults(run=commands.export_receipts)

    receipt = parsers.add_parser(
        "verify-receipt", parents=[home], help="what lies behind a candidate's receipt"
    )
    receipt.add_argument("code", help="its twenty characters, in whatever groups")
    receipt.set_defaults(run=commands.verify_receipt)

    answers = parsers.add_parser("responses", parents=[home], help="every response, as JSON")
    answers.set_defaults(run=commands.responses)
    return parser


if __name__ == "__main__":
    sys.exit(main())
