"""What each ``exam-central`` command does. The thin `cli` names them."""

import argparse
import asyncio
import contextlib
import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

from central import registry
from central.errors import CentralError
from central.layout import Layout
from central.messages import Language, say
from central.office import OfficeConfig, OfficeParts, make_office, office_key, read_config
from central.receiving import catalogue
from central.receiving.service import receiving
from central.stick import bring_in, take_out
from central.store import reading
from central.store.tables import Connection
from central.verification.service import open_worker, verifying
from protocol.certificates import Role, role_key
from protocol.codes import RECEIPT_GROUPS, read_code
from protocol.errors import ProtocolError
from protocol.fault_words import say_fault
from protocol.identities import open_office_identity, read_sealed_identity
from protocol.values import encode
from runtime.database import open_read_only
from runtime.errors import DatabaseInUseError, MachineryError
from runtime.service import Service, run
from runtime.supervise import Program, keep_running

T = TypeVar("T")
Options = argparse.Namespace
COMMAND_ERRORS: Final = (CentralError, ProtocolError, MachineryError, OSError)
PARTS: Final = ("receiving", "verification")
"""The two processes: only the first is reached from outside, only the second has keys."""


def language_of(options: Options) -> Language:
    """Return the language that was asked for, else that of the terminal."""
    wanted = options.language or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if wanted.startswith("zh") else "en"


def say_error(error: Exception, options: Options) -> str:
    """Return what a command says of a fault."""
    language = language_of(options)
    return error.show(language) if isinstance(error, CentralError) else say_fault(error, language)


def _say(options: Options, text: str, **values: object) -> None:
    print(say(text, language_of(options), **values))


def _installation_code(options: Options) -> str:
    return getpass.getpass(say("installation_code", language_of(options)))


def init(options: Options) -> int:
    """Lay out the office's folder from the identity that `exam-provision` made for it."""
    sealed = read_sealed_identity(options.identity.read_bytes())
    identity = open_office_identity(sealed, options.code or _installation_code(options))
    host, _, port = options.listen.rpartition(":")
    root = identity.root_certificate
    signing = role_key(identity.signing_certificate, root, Role.OFFICE, None)
    parts = OfficeParts(
        config=OfficeConfig(id=identity.office, office_key=signing.hex, host=host, port=int(port)),
        chain_pem=identity.tls_chain.encode(),
        tls_key_pem=identity.tls_key.encode(),
        root_pem=root.encode(),
        receipts_key=identity.receipts_signing_key(),
        opening_key=identity.opening_sealing_identity(),
    )
    make_office(options.home, parts)
    _say(options, "office_made", office=identity.office, listen=options.listen)
    return 0


def take_bundle(options: Options) -> int:
    """Take a bundle's manifest into the registry."""
    layout = Layout(options.home)
    manifest = registry.enrol(layout.registry, options.bundle, office_key(read_config(layout)))
    boxes = ", ".join(appliance.id for appliance in manifest.appliances)
    _say(
        options,
        "enrolled",
        centre=manifest.centre,
        sitting=manifest.sitting.id,
        revision=manifest.revision,
        boxes=boxes,
    )
    return 0


def take_revocations(options: Options) -> int:
    """Take the office's list of revocations; what it names is not served from now on."""
    layout = Layout(options.home)
    listed = registry.take_revocations(
        layout.registry, options.list, office_key(read_config(layout))
    )
    _say(options, "revoked", count=listed.n, office=listed.office)
    return 0


def run_part(options: Options) -> int:
    """Run one of the two processes until it is told to end."""
    layout = Layout(options.home)
    read_config(layout)  # or it dies with a traceback where there is no office
    main = {"receiving": _receive, "verification": _verify}[options.part]
    return run(lambda service: main(layout, service), name=options.part)


async def _receive(layout: Layout, service: Service) -> None:
    async with receiving(layout) as listener:
        service.ready(f"receiving on port {listener.port}")
        await service.ended()


async def _verify(layout: Layout, service: Service) -> None:
    async with verifying(layout):
        service.ready("verifying")
        await service.ended()


def serve(options: Options) -> int:
    """Run both processes under one parent."""
    read_config(Layout(options.home))
    programs = [
        Program(name=part, module="central.cli", arguments=("run", part, str(options.home)))
        for part in PARTS
    ]
    status = "receiving and verifying"
    return run(
        lambda service: keep_running(programs, service, status), name="central", protect=False
    )


def verify(options: Options) -> int:
    """Verify what was received, once, where the service does not run."""
    decided, refused = asyncio.run(_verify_once(Layout(options.home), again=options.again))
    _say(options, "decided", decided=decided, refused=refused)
    return 0


async def _verify_once(layout: Layout, *, again: bool) -> tuple[int, int]:
    try:
        async with open_worker(layout) as (worker, _):
            refused = await worker.try_refused_again() if again else 0
            decided = await worker.look()
    except DatabaseInUseError as error:
        raise CentralError("service_runs", error=error) from error
    return decided, refused


def status(options: Options) -> int:
    """Print what is here of each sitting, and what a person should look at."""
    layout = Layout(options.home)
    found = _status(layout)
    if options.json:
        print(encode(found).decode())
        return 0
    language = language_of(options)
    for sitting in found["sittings"]:
        print(f"{sitting['centre']} {sitting['sitting']}")
        for lane in sitting["lanes"]:
            print(_lane(lane, language))
        for account in sitting["accounts"]:
            print(f"  {account['subject']}: {account[language]}")
    for incident in found["incidents"]:
        fault = incident["fault"]
        why = say(fault, language)
        _say(options, "look", fault=fault, why=why, message=incident["message"])
    return 0


def _lane(lane: dict[str, Any], language: Language) -> str:
    refused = say("lane_refused", language, count=lane["refused"]) if lane["refused"] else ""
    reason = f" ({lane['reason']})" if lane["reason"] else ""
    return say("lane", language, **lane) + refused + reason


def _status(layout: Layout) -> dict[str, Any]:
    config = read_config(layout)
    known = registry.load_registry(layout.registry, office_key(config))
    return {
        "office": config.id,
        "enrolled": [
            {"centre": box.centre, "sitting": box.sitting, "appliance": box.appliance.id}
            for box in known.boxes
        ],
        "sittings": _read(layout.store, _sittings) or [],
        "incidents": _read(layout.catalogue, _incidents) or [],
    }


def _sittings(connection: Connection) -> list[dict[str, Any]]:
    accounts = reading.accounts(connection)
    return [
        {
            "centre": place.centre,
            "sitting": place.sitting,
            "lanes": [asdict(lane) for lane in reading.lanes(connection, place)],
            "accounts": [
                {
                    "subject": account.subject,
                    "people": account.people,
                    "endings": {ending.value: n for ending, n in account.endings.items()},
                    "complete": account.is_complete,
                    "zh": account.show("zh"),
                    "en": account.show("en"),
                }
                for found, account in accounts
                if found == place
            ],
        }
        for place in reading.places(connection)
    ]


def _incidents(connection: Connection) -> list[dict[str, Any]]:
    return [asdict(incident) for incident in catalogue.incidents(connection)]


def responses(options: Options) -> int:
    """Print every response in the store as JSON, each with its digest."""
    found = _read(Layout(options.home).store, reading.responses)
    print(encode(found or []).decode())
    return 0


def import_stick(options: Options) -> int:
    """Take parcels from a stick; the service, where it runs, does the taking."""
    done = bring_in(Layout(options.home), options.folder)
    for name in done.passed_over:
        print(say("passed_over", language_of(options), name=name), file=sys.stderr)
    if not done.files:  # also of a box whose parcels all came by the line
        print(say("no_parcels", language_of(options), folder=options.folder), file=sys.stderr)
        return 0
    new = done.files - done.again
    _say(options, "taken", new=new, again=done.again, size=done.bytes, folder=options.folder)
    return 0


def export_receipts(options: Options) -> int:
    """Write all office receipts to a stick."""
    done = take_out(Layout(options.home), options.folder)
    _say(options, "written", files=done.files, size=done.bytes, folder=options.folder)
    return 0


def verify_receipt(options: Options) -> int:
    """Say what record lies behind the twenty characters of a candidate's receipt."""
    code = read_code(options.code, RECEIPT_GROUPS)
    found = _read(Layout(options.home).store, lambda c: reading.find_receipt(c, code))
    if found is None:
        print(say("no_receipt", language_of(options), code=code), file=sys.stderr)
        return 1
    print(encode(asdict(found)).decode())
    return 0 if found.leaf_held and found.events_held >= found.n else 1


def _read(path: Path, question: Callable[[Connection], T]) -> T | None:
    """Ask a database that a service may be writing; one that is not there has nothing."""
    if not path.exists():
        return None
    with contextlib.closing(open_read_only(path)) as connection:
        return question(connection)
