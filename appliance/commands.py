"""What each ``exam-appliance`` command does. The thin `cli` names them."""

import argparse
import asyncio
import contextlib
import getpass
import importlib
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from appliance import messages as own
from appliance.act_words import ActWordsError, read_act
from appliance.console import messages as m
from appliance.core import bundle_words, intake, sittings
from appliance.core.building import receiver_of
from appliance.ipc import courier, staff_client
from appliance.ipc.identity import is_installed, read_identity, write_identity
from appliance.ipc.set_up import Lacking, lacking, set_up_or_ended
from appliance.ipc.settings import Settings, SettingsError, read_settings
from appliance.ipc.staff_keys import find_staff_key, open_staff_key
from protocol import staff_api
from protocol.errors import ProtocolError
from protocol.fault_words import say_fault
from protocol.identities import BoxIdentity, open_box_identity, read_sealed_identity
from protocol.keys import SigningKey
from protocol.staff_api import ActRefusal, ActRefused
from protocol.values import encode
from runtime.errors import IpcError, MachineryError
from runtime.files import make_folder
from runtime.ipc import Client
from runtime.service import Service, run
from runtime.supervise import Program, keep_running


class NotMountedError(Exception):
    """A folder that the medium or the disk should have, and is not there."""

    def __init__(self, text: m.Text, **values: object) -> None:
        super().__init__(text.say(m.Language.EN, **values))
        self._text = text
        self._values = values

    def show(self, language: m.Language) -> str:
        """Return the message in a language."""
        return self._text.say(language, **self._values)


COMMAND_ERRORS: Final = (
    NotMountedError,
    ProtocolError,
    MachineryError,
    SettingsError,
    bundle_words.BundleRefusedError,
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

NOT_SET_UP: Final = 78
"""Exit code of a process whose box is not installed or has no bundle (EX_CONFIG of sysexits.h)."""

Options = argparse.Namespace


def install(options: Options) -> int:
    """Unseal the identity that the office delivered, onto this box's disk."""
    settings = read_settings(options.config)
    sealed = read_sealed_identity(options.identity.read_bytes())
    code = options.code or getpass.getpass(own.INSTALLATION_CODE.say(_language(options)))
    identity = open_box_identity(sealed, code)
    _refuse_another(settings.state_folder, identity)
    if not settings.state_folder.parent.is_dir():  # made, it would lie on the system's own disk
        raise NotMountedError(own.NO_DISK, folder=settings.state_folder.parent)
    make_folder(settings.state_folder)
    write_identity(settings.state_folder, identity)
    said = own.INSTALLED.say(
        _language(options), appliance=identity.appliance, centre=identity.centre
    )
    print(said)
    return 0


def _refuse_another(state: Path, identity: BoxIdentity) -> None:
    """Raise `BundleRefusedError` where this machine is already another box: its record is here."""
    if not is_installed(state):
        return
    there = read_identity(state)
    if (there.centre, there.appliance) != (identity.centre, identity.appliance):
        raise bundle_words.BundleRefusedError(
            own.OTHER_BOX,
            state=state,
            there=f"{there.appliance}.{there.centre}",
            came=f"{identity.appliance}.{identity.centre}",
        )


def take(options: Options) -> int:
    """Take a bundle whole, or not at all; say what was checked."""
    settings = read_settings(options.config)
    receiver = receiver_of(read_identity(settings.state_folder))
    folder = intake.find_bundle(options.folder, receiver.centre)
    bundle = intake.take_bundle(
        folder,
        settings.bundles,
        receiver,
        may_leave=lambda present: (
            None if options.put_aside else sittings.check_free(settings, present)
        ),
    )
    language = _language(options)
    for said in bundle.checked:
        print(own.CHECKED.say(language, what=said.show(language)))
    manifest = bundle.manifest
    title, revision = manifest.sitting.title, manifest.revision
    print(own.TAKEN.say(language, title=title, revision=revision))
    return 0


def run_process(options: Options) -> int:
    """Run one of the five processes until it is told to end."""
    settings = read_settings(options.config)
    if not options.wait and (what := lacking(settings, options.process)):
        return _say_lacking(what, settings, options)
    return run(lambda service: _process(options.process, settings, service), name=options.process)


def _say_lacking(what: Lacking, settings: Settings, options: Options) -> int:
    said = _lacking_words(what, settings, _language(options))
    print(f"exam-appliance: {said}", file=sys.stderr)
    return NOT_SET_UP


def _lacking_words(what: Lacking, settings: Settings, language: m.Language) -> str:
    if what is Lacking.IDENTITY:
        return own.NOT_INSTALLED.say(language, state=settings.state_folder)
    return own.NO_BUNDLE.say(language, bundles=settings.bundles)


async def _process(name: str, settings: Settings, service: Service) -> None:
    def say(what: Lacking) -> str:
        return _lacking_words(what, settings, m.Language.EN)

    if not await set_up_or_ended(service, settings, name, say):
        return
    module, _, function = PROCESSES[name].partition(":")
    main: Callable[[Settings, Service], Coroutine[Any, Any, None]]
    main = getattr(importlib.import_module(module), function)
    await main(settings, service)


def serve(options: Options) -> int:
    """Run all processes under one parent, for development and the demo."""
    settings = read_settings(options.config)
    if what := lacking(settings, "core"):  # or the processes die, each anew
        return _say_lacking(what, settings, options)
    programs = [
        Program(
            name=name,
            module="appliance.cli",
            arguments=("run", name, "--config", str(options.config)),
        )
        for name in PROCESSES
    ]
    status = f"{len(programs)} processes"
    return run(
        lambda service: keep_running(programs, service, status), name="appliance", protect=False
    )


def write_parcels(options: Options) -> int:
    """Copy what the office has not verified to a stick; the courier does it."""
    language = _language(options)
    _check_stick(options.folder)
    state = read_settings(options.config).state_folder
    if _on_one_disk(options.folder, state):
        warning = own.ON_OWN_DISK.say(language, folder=options.folder, state=state)
        print(f"exam-appliance: {warning}", file=sys.stderr)
    done = _ask_courier(options, courier.WriteStick(folder=str(options.folder.absolute())))
    print(own.ON_STICK.say(language, files=done.files, size=done.bytes, folder=options.folder))
    return 0


def _check_stick(folder: Path) -> None:
    if not folder.is_dir():
        raise NotMountedError(own.NO_STICK, folder=folder)


def _on_one_disk(folder: Path, state: Path) -> bool:
    """Say whether both lie on one file system: then no stick is mounted there."""
    with contextlib.suppress(OSError):  # the state is not everybody's to see
        return folder.stat().st_dev == state.stat().st_dev
    return False


def take_receipts(options: Options) -> int:
    """Read office receipts from a stick; the courier does it."""
    _check_stick(options.folder)
    done = _ask_courier(options, courier.TakeReceipts(folder=str(options.folder.absolute())))
    print(own.RECEIPTS.say(_language(options), files=done.files, folder=options.folder))
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
    # Textual, from which the console's words come, is slow to import: here only.
    from appliance.status_text import status_lines  # noqa: PLC0415

    for line in status_lines(found, _language(options)):
        print(line)
    return 0


def act(options: Options) -> int:
    """Sign an act with a staff key and ask core to carry it out."""
    settings, language = read_settings(options.config), _language(options)
    file = find_staff_key(Path(settings.staff_keys), options.staff, options.staff_key)
    hall = asyncio.run(staff_client.fetch_status(settings.staff_socket))
    try:
        wanted = read_act(options.act, options.fields, hall)
    except ActWordsError as error:
        print(f"exam-appliance: {error.show(language)}", file=sys.stderr)
        return 2
    codes = tuple(options.code) or _asked_codes(wanted, hall)
    key = open_staff_key(file, options.passphrase_file)
    asked = staff_client.new_act(hall, file.staff, wanted)
    second = _second_key(options, settings)
    reply = asyncio.run(staff_client.perform(settings.staff_socket, asked, key, codes, second))
    if isinstance(reply, ActRefused):
        why = m.REFUSED[reply.code].say(language)
        detail = reply.text_zh if language is m.Language.ZH else ""
        print(own.REFUSED.say(language, why=why, detail=detail or reply.text), file=sys.stderr)
        if reply.code is ActRefusal.SECOND_PERSON:
            print(own.SECOND_HOW.say(language), file=sys.stderr)
        return 1
    numbers = ", ".join(str(n) for n in reply.decisions)
    print((own.DONE if numbers else own.DONE_WITHOUT).say(language, n=numbers))
    if isinstance(wanted, staff_api.Arm):
        _say_start(asyncio.run(staff_client.fetch_status(settings.staff_socket)), language)
    return 0


def _say_start(hall: staff_api.HallStatus, language: m.Language) -> None:
    """Say when the exam starts, by the hall's clock."""
    start = None if hall.subject is None else hall.subject.armed_start
    if start is None:  # taken back in this moment
        return
    from appliance.console.wording import clock  # noqa: PLC0415 - Textual is slow to import

    seconds = max(0, -((hall.hall_time - start) // 1000))
    print(own.ARMED.say(language, start=clock(start, hall.time_zone), seconds=seconds))


def _second_key(options: Options, settings: Settings) -> SigningKey | None:
    """Return the key of the second person who signs, None where nobody was named."""
    if options.second is None and options.second_key is None:
        return None
    file = find_staff_key(Path(settings.staff_keys), options.second, options.second_key)
    return open_staff_key(file, options.second_passphrase_file, from_environment=False)


def _asked_codes(wanted: staff_api.Act, hall: staff_api.HallStatus) -> tuple[str, ...]:
    """Ask for the unlock codes where the act is about them and none was given."""
    if not isinstance(wanted, staff_api.Unlock) or hall.subject is None:
        return ()
    count = hall.subject.codes
    return tuple(
        getpass.getpass(f"unlock code / 解锁码 ({n}/{count}): ") for n in range(1, count + 1)
    )


def say_error(error: Exception, options: Options) -> str:
    """Return what a command says of a fault."""
    language = _language(options)
    if isinstance(
        error, NotMountedError | bundle_words.BundleRefusedError | staff_client.StaffKeyError
    ):
        return error.show(language)
    return say_fault(error, language)


def _language(options: Options) -> m.Language:
    """Return the language that was asked for, else that of the terminal."""
    wanted = (
        getattr(options, "language", None)
        or os.environ.get("LC_ALL")
        or os.environ.get("LANG")
        or ""
    )
    return m.Language.ZH if wanted.startswith("zh") else m.Language.EN
