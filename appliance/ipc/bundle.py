"""The bundle in place, for the processes that only read it.

`core` takes bundles; the others read the signed manifest for themselves, so that they go
on while core is dead:

1. ``current`` names the folder of the bundle in place.
2. Its office certificate is of the root that this box was given at its installation.
3. That office signed the manifest.
"""

import asyncio
import contextlib
import logging
from typing import Final

from appliance.ipc.identity import HasTls
from appliance.ipc.settings import Settings
from protocol.bundle import MANIFEST, BundleManifest, open_bundle
from protocol.certificates import Role, role_key
from protocol.envelope import Envelope
from protocol.errors import MalformedError
from protocol.values import decode
from runtime.service import Service

_CURRENT: Final = "current"
_OFFICE_CERTIFICATE: Final = "office.crt"


_LOOK_S: Final = 2.0
_log = logging.getLogger(__name__)


def in_place(settings: Settings) -> str:
    """Return the name of the bundle in place; empty where there is none."""
    try:
        return (settings.bundles / _CURRENT).read_text("ascii").strip()
    except OSError:
        return ""


async def ended_or_another_bundle(service: Service, settings: Settings) -> None:
    """Return when the service is to end: told so, or because another bundle was taken.

    Whoever keeps processes running starts it again at once: with the new bundle.
    """
    before = await asyncio.to_thread(in_place, settings)
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(service.ended(), _LOOK_S)
            return
        now = await asyncio.to_thread(in_place, settings)
        if now and now != before:
            _log.warning("bundle %s was taken: beginning anew with it", now)
            service.end("another bundle was taken")
            return


def read_manifest(settings: Settings, identity: HasTls) -> BundleManifest:
    """Return what the office signed; raise `ProtocolError` where no sound bundle is in place."""
    # 1
    return _read(settings, identity, in_place(settings))


def read_newest(settings: Settings, identity: HasTls, sitting: str) -> BundleManifest:
    """Return the manifest of the newest bundle of a sitting that is not present."""
    names = sorted(path.name for path in settings.bundles.glob(f"{sitting}.*.*"))
    return _read(settings, identity, names[-1] if names else f"{sitting}: none")


def _read(settings: Settings, identity: HasTls, name: str) -> BundleManifest:
    try:
        folder = settings.bundles / (name or _CURRENT)
        certificate = (folder / _OFFICE_CERTIFICATE).read_text("ascii")
        envelope = decode((folder / MANIFEST).read_bytes(), Envelope)
    except OSError as error:
        raise MalformedError(
            f"{settings.bundles}: expected a bundle ({error.strerror}); "
            "take one: exam-appliance import FOLDER"
        ) from error
    # 2
    office = role_key(certificate, identity.root_certificate, Role.OFFICE, None)
    # 3
    return open_bundle(envelope, office)
