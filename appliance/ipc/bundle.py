"""The bundle in place, for the processes that only read it.

`core` takes bundles; the others read the signed manifest for themselves, so that they go
on while core is dead:

1. ``current`` names the folder of the bundle in place.
2. Its office certificate is of the root that this box was given at its installation.
3. That office signed the manifest.
"""

from typing import Final

from appliance.ipc.identity import HasTls
from appliance.ipc.settings import Settings
from protocol.bundle import MANIFEST, BundleManifest, open_bundle
from protocol.certificates import Role, role_key
from protocol.envelope import Envelope
from protocol.errors import MalformedError
from protocol.values import decode

_CURRENT: Final = "current"
_OFFICE_CERTIFICATE: Final = "office.crt"


def read_manifest(settings: Settings, identity: HasTls) -> BundleManifest:
    """Return what the office signed; raise `ProtocolError` where no sound bundle is in place."""
    try:
        # 1
        name = (settings.bundles / _CURRENT).read_text("ascii").strip()
        folder = settings.bundles / name
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
