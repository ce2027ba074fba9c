"""Prepare a day at the office, from its authority to the bundle on a stick."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exam.identifiers import IdentifierError
from protocol.errors import ProtocolError
from protocol.fault_words import say_fault
from provisioning import commands, messages, results
from provisioning.authority import ROLES
from provisioning.commands import Done, Options
from provisioning.errors import ProvisioningError
from provisioning.problems import InputRefusedError, Language, one_line, show_json
from runtime.errors import MachineryError

_KINDS = ("appliance", "centre", "staff", "signing", "receipts", "server")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 refused, 2 not understood."""
    options = _parser().parse_args(arguments)
    language = _language(options)
    try:
        done: Done = options.run(options)
    except InputRefusedError as refused:
        _say_refused(refused, language, as_json=options.json)
        return 1
    except ProvisioningError as error:
        _say_error(error.text.code, error.show(language), as_json=options.json)
        return 1
    except (ProtocolError, MachineryError) as error:
        _say_error(error.code, say_fault(error, language), as_json=options.json)
        return 1
    except IdentifierError as error:
        text = messages.BAD_IDENTIFIER
        _say_error(text.code, text.fill(language, {"came": str(error)}), as_json=options.json)
        return 1
    except OSError as error:
        values = {"path": str(error.filename or "-"), "came": error.strerror or str(error)}
        text = messages.FILE_TROUBLE
        _say_error(text.code, text.fill(language, values), as_json=options.json)
        return 1
    _say_done(done, language, as_json=options.json)
    return 0


# --- saying it -------------------------------------------------------------------------


def _language(options: Options) -> Language:
    chosen = options.language or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if chosen.startswith("zh") else "en"


def _say_done(done: Done, language: Language, *, as_json: bool) -> None:
    if as_json:
        shown = {"done": done.text.code, **done.values}
        shown["notes"] = [show_json(note) for note in done.notes]
        _print_json(shown)
        return
    print(done.text.fill(language, {name: str(v) for name, v in done.values.items()}))
    for line in done.lines:
        print(line)
    if done.notes:
        print(results.NOTES.fill(language, {}))
        for note in done.notes:
            print(f"  {one_line(note.show(language))}")


def _say_refused(refused: InputRefusedError, language: Language, *, as_json: bool) -> None:
    if as_json:
        _print_json({"refused": [show_json(problem) for problem in refused.problems]})
        return
    count = str(len(refused.problems))
    print(results.REFUSED.fill(language, {"count": count}), file=sys.stderr)
    for problem in refused.problems:
        print(f"  {one_line(problem.show(language))}", file=sys.stderr)


def _say_error(code: str, said: str, *, as_json: bool) -> None:
    if as_json:
        _print_json({"error": code, "message": said})
        return
    print(f"exam-provision: {one_line(said)} [{code}]", file=sys.stderr)


def _print_json(shown: object) -> None:
    """Print one line of JSON; what a file name may hold that is no text is escaped in it."""
    print(one_line(json.dumps(shown, ensure_ascii=False, default=str)))


# --- understanding it ------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exam-provision", description=__doc__)
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    common = _common()
    _add_authority(groups, common)
    _add_input(groups, common)
    _add_bundle(groups, common)
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--office", type=Path, default=Path("office"), help="the office's folder (%(default)s)"
    )
    common.add_argument("--root", type=Path, help="where the root lies, if not in the office")
    _add_passphrase(common, "--passphrase-file")
    _add_passphrase(common, "--root-passphrase-file")
    common.add_argument("--language", choices=("zh", "en"), help="else by LANG")
    common.add_argument("--json", action="store_true", help="answer as one line of JSON")
    return common


def _add_passphrase(parser: argparse.ArgumentParser, option: str) -> None:
    """Add an option for a passphrase's file; whoever types many commands sets a variable."""
    variable = "EXAMHALL_" + option.removeprefix("--").replace("-", "_").upper()
    named = os.environ.get(variable)
    default = Path(named) if named else None
    parser.add_argument(option, type=Path, default=default, help=f"or {variable}; else asked for")


def _command(
    parsers: Any,
    name: str,
    common: argparse.ArgumentParser,
    run: Callable[[Options], Done],
) -> argparse.ArgumentParser:
    summary = (run.__doc__ or "").partition(";")[0].rstrip(".")
    parser: argparse.ArgumentParser = parsers.add_parser(
        name, parents=[common], help=summary, description=summary
    )
    parser.set_defaults(run=run)
    return parser


def _group(parsers: Any, name: str, summary: str) -> Any:
    return parsers.add_parser(name, help=summary).add_subparsers(required=True, metavar="WHAT")


def _add_authority(parsers: Any, common: argparse.ArgumentParser) -> None:
    group = _group(parsers, "authority", "the office and its keys")
    create = _command(group, "create", common, commands.make_authority)
    create.add_argument("--id", required=True, help="a-z, 0-9 and hyphen")
    create.add_argument("--name", required=True, help="as it stands on certificates")
    create.add_argument(
        "--address", action="append", required=True, help="https://host:port of the receiver"
    )

    group = _group(parsers, "centre", "centres")
    centre = _command(group, "add", common, commands.add_centre)
    centre.add_argument("id")
    centre.add_argument("--title", required=True)

    group = _group(parsers, "appliance", "boxes of a centre")
    box = _command(group, "add", common, commands.add_appliance)
    box.add_argument("id")
    box.add_argument("--centre", required=True)
    box.add_argument("--room", required=True, help="the room of the plan that it serves")
    box.add_argument("--spare", action="store_true")
    box.add_argument("--out", type=Path, default=Path(), help="folder for the identity file")

    group = _group(parsers, "server", "the central office's server")
    server = _command(group, "identity", common, commands.server_identity)
    server.add_argument("--out", type=Path, default=Path(), help="folder for the identity file")

    group = _group(parsers, "staff", "people who act in the hall")
    staff = _command(group, "add", common, commands.add_staff)
    staff.add_argument("id")
    staff.add_argument("--centre", required=True)
    staff.add_argument("--name", required=True)
    staff.add_argument("--role", choices=ROLES, default="invigilator")
    _add_passphrase(staff, "--staff-passphrase-file")
    staff.add_argument("--out", type=Path, default=Path(), help="folder for the key file")

    take_back = _command(parsers, "revoke", common, commands.revoke)
    take_back.add_argument("kind", choices=_KINDS)
    take_back.add_argument("name")
    take_back.add_argument("--centre", default="", help="of an appliance or member of staff")
    take_back.add_argument("--reason", required=True)
    listed = _command(parsers, "revocations", common, commands.write_revocations)
    listed.add_argument("--out", type=Path, required=True)
    _command(parsers, "list", common, commands.show_issued)


def _add_input(parsers: Any, common: argparse.ArgumentParser) -> None:
    group = _group(parsers, "sitting", "plans of sittings")
    sitting = _command(group, "add", common, commands.add_sitting)
    sitting.add_argument("plan", type=Path, help="plan.toml")

    group = _group(parsers, "paper", "papers from QTI packages")
    check = _command(group, "check", common, commands.check_paper)
    check.add_argument("package", type=Path)
    check.add_argument("--subject", default="paper")
    seal = _command(group, "seal", common, commands.seal_paper)
    seal.add_argument("package", type=Path)
    seal.add_argument("--sitting", required=True)
    seal.add_argument("--subject", required=True)

    group = _group(parsers, "roster", "rosters from spreadsheets")
    roster = _command(group, "import", common, commands.take_roster)
    roster.add_argument("roster", type=Path, help="xlsx or csv")
    roster.add_argument("--photos", type=Path, required=True, help="folder, by the filing rule")
    roster.add_argument("--sitting", required=True)
    roster.add_argument("--centre", required=True)


def _add_bundle(parsers: Any, common: argparse.ArgumentParser) -> None:
    group = _group(parsers, "bundle", "what a centre is given for a sitting")
    make = _command(group, "make", common, commands.make_bundle)
    make.add_argument("--sitting", required=True)
    make.add_argument("--centre", required=True)
    make.add_argument("--codes", type=int, choices=(1, 2), default=1, help="unlock codes a subject")
    make.add_argument("--to", type=Path, help="a folder or stick; else OFFICE/bundles")
    write = _command(group, "write", common, commands.write_bundle)
    write.add_argument("bundle", type=Path)
    write.add_argument("--to", type=Path, required=True, help="the stick, mounted")
    check = _command(group, "check", common, commands.check_bundle)
    check.add_argument("bundle", type=Path)

    group = _group(parsers, "code", "unlock codes")
    give = _command(group, "give", common, commands.give_code)
    give.add_argument("--sitting", required=True)
    give.add_argument("--centre", required=True)
    give.add_argument("--subject", required=True)
    give.add_argument("--to", required=True, help="the person who gets it")
    give.add_argument("--revision", type=int, default=0, help="of the bundle; else the newest")
    give.add_argument("--early", default="", metavar="REASON", help="sooner than 15 minutes before")


if __name__ == "__main__":
    sys.exit(main())
