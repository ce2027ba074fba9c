"""What each ``exam-appliance`` command does. The thin `cli` names them."""

import argparse
import asyncio
import getpass
import importlib
import json
import sys
import tomllib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from appliance.core import intake
from appliance.core.building import receiver_of
from appliance.ipc import courier, staff_client
from appliance.ipc.identity import read_identity, write_identity
from appliance.ipc.settings import Settings, SettingsError, read_settings
from protocol import staff_api
from protocol.errors import ProtocolError
from protocol.identities import SealedIdentity, open_box_identity
from protocol.staff_api import ActRefused
from protocol.values import decode, encode
from runtime.errors import IpcError, MachineryError
from runtime.files import make_folder
from runtime.ipc import Client
from runtime.service import Service, run
from runtime.supervise import Program, Supervisor

COMMAND_ERRORS: Final = (
    ProtocolError,
    MachineryError,
    SettingsError,
    intake.BundleRefusedError,
    staff_client.StaffKeyError,
    OSError,
)

PROCESSES: Final = {
    "core": "appliance.core.service:run_core",
    "discovery": "appliance.discovery.service:run_discovery",
    "recordings": "appliance.recordings.service:run_recordings",
    "faces": "appliance.faces.process:run_faces",
    "courier": "appliance.courier.service:run_courier",
}
"""The five processes: each has a coroutine that takes its settings and its service."""

STICK_S: Final = 3600.0
"""A stick may take an hour."""

Options = argparse.Namespace


def install(options: Options) -> int:
    """Unseal the identity that the office delivered, onto this box's disk."""
    settings = read_settings(options.config)
    sealed = decode(options.identity.read_bytes(), SealedIdentity)
    code = options.code or getpass.getpass("installation code: ")
    identity = open_box_identity(sealed, code)
    make_folder(settings.state_folder)
    write_identity(settings.state_folder, identity)
    print(f"this box is {identity.appliance} of centre {identity.centre}")
    return 0


def take(options: Options) -> int:
    """Take a bundle whole, or not at all; say what was checked."""
    settings = read_settings(options.config)
    receiver = receiver_of(read_identity(settings.state_folder))
    bundle = intake.take_bundle(options.folder, settings.bundles, receiver)
    for line in bundle.checked:
        print(f"  checked: {line}")
    print(f"taken: {bundle.manifest.sitting.title}, revision {bundle.manifest.revision}")
    return 0


def run_process(options: Options) -> int:
    """Run one of the five processes until it is told to end."""
    settings = read_settings(options.config)
    return run(lambda service: _process(options.process, settings, service), name=options.process)


async def _process(name: str, settings: Settings, service: Service) -> None:
    module, _, function = PROCESSES[name].partition(":")
    main: Callable[[Settings, Service], Coroutine[Any, Any, None]]
    main = getattr(importlib.import_module(module), function)
    await main(settings, service)


def serve(options: Options) -> int:
    """Run all processes under one parent, for development and the demo."""
    read_settings(options.config)
    programs = [
        Program(
            name=name,
            module="appliance.cli",
            arguments=("run", name, "--config", str(options.config)),
        )
        for name in PROCESSES
    ]

    async def parent(service: Service) -> None:
        async with Supervisor(programs) as supervisor:
            await supervisor.all_ready()
            service.ready(f"{len(programs)} processes")
            await service.ended()

    return run(parent, name="appliance", protect=False)


def write_parcels(options: Options) -> int:
    """Copy what the office has not verified to a stick; the courier does it."""
    done = _ask_courier(options, courier.WriteStick(folder=str(options.folder.absolute())))
    print(f"{done.files} parcel(s), {done.bytes} bytes on {options.folder}, read back and sound")
    return 0


def take_receipts(options: Options) -> int:
    """Read office receipts from a stick; the courier does it."""
    done = _ask_courier(options, courier.TakeReceipts(folder=str(options.folder.absolute())))
    print(f"{done.files} new office receipt(s) taken from {options.folder}")
    return 0


def _ask_courier(options: Options, request: courier.Request) -> courier.StickDone:
    path = read_settings(options.config).socket("courier")

    async def ask() -> courier.Reply:
        async with Client(path, courier.CHANNEL) as client:
            return await client.ask(request, timeout=STICK_S)

    reply = asyncio.run(ask())
    if not isinstance(reply, courier.StickDone):
        raise IpcError(f"expected the courier to say what it did, got {type(reply).__name__}")
    return reply


def status(options: Options) -> int:
    """Print the hall's status."""
    socket = read_settings(options.config).staff_socket
    found = asyncio.run(staff_client.fetch_status(socket))
    if options.json:
        print(encode(found).decode())
        return 0
    for line in _summary(found):
        print(line)
    return 0


def _summary(hall: staff_api.HallStatus) -> list[str]:
    subject = hall.subject
    lines = [f"{hall.title} ({hall.centre}, {hall.appliance})"]
    if subject is not None:
        facts = [
            name
            for name, on in (
                ("unlocked", subject.unlocked),
                ("armed", subject.armed_start is not None),
                ("released", subject.released),
                ("closed", subject.closed),
            )
            if on
        ]
        lines.append(f"{subject.title}: {', '.join(facts) or 'locked'}")
    for seat in hall.seats:
        who = "-" if seat.occupant is None else f"{seat.occupant.name} {seat.occupant.state}"
        lines.append(f"  {seat.label:>6} {'ready' if seat.ready else 'not ready':10} {who}")
    lines += [f"  needs a person: {task.kind} {task.name} {task.text}" for task in hall.tasks]
    return lines


def act(options: Options) -> int:
    """Sign an act with a staff key and ask core to carry it out."""
    settings = read_settings(options.config)
    passphrase = _passphrase(options)
    key = staff_client.read_staff_key(options.staff_key, passphrase)
    wanted = _act(options.act, options.fields)
    reply = asyncio.run(
        _perform(settings.staff_socket, options.staff, key, wanted, tuple(options.code))
    )
    if isinstance(reply, ActRefused):
        print(f"refused ({reply.code}): {reply.text}", file=sys.stderr)
        return 1
    print(f"done: {', '.join(f'decision {n}' for n in reply.decisions) or 'no decision needed'}")
    return 0


async def _perform(
    socket: Path, staff: str, key: Any, wanted: staff_api.Act, codes: tuple[str, ...]
) -> staff_api.ActReply:
    hall = await staff_client.fetch_status(socket)
    asked = staff_client.new_act(hall, staff, wanted)
    return await staff_client.perform(socket, asked, key, codes)


def _passphrase(options: Options) -> str:
    if options.passphrase_file is not None:
        return str(options.passphrase_file.read_text("utf-8")).rstrip("\n")
    return getpass.getpass(f"passphrase of {options.staff}: ")


def _act(name: str, fields: list[str]) -> staff_api.Act:
    """Return the act of a name and NAME=VALUE fields; a missing text or reason is empty."""
    data: dict[str, Any] = {"kind": name.replace("-", "_")}
    for field in fields:
        key, _, value = field.partition("=")
        data[key] = _value(value)
    return staff_client.read_act(json.dumps(data).encode())


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text
