"""Where to deliver, and whose receipts to believe: from the bundle in place.

The courier reads the bundle for itself, so that it carries on while core is dead:

1. ``current`` names the folder of the bundle in place.
2. Its office certificate is of the root that this box was given at its installation.
3. That office signed the manifest; it names addresses and the receipts key.
"""

from dataclasses import dataclass
from typing import Final

from appliance.ipc.identity import HasTls
from appliance.ipc.settings import Settings
from protocol.bundle import MANIFEST, open_bundle
from protocol.certificates import Role, role_key
from protocol.envelope import Envelope
from protocol.errors import MalformedError
from protocol.keys import VerifyKey
from protocol.values import decode

_CURRENT: Final = "current"
_OFFICE_CERTIFICATE: Final = "office.crt"


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The office as this box knows it."""

    centre: str
    addresses: tuple[str, ...]
    receipts_key: VerifyKey


def read_destination(settings: Settings, identity: HasTls) -> Destination:
    """Return where to deliver; raise `ProtocolError` where no sound bundle is in place."""
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
    manifest = open_bundle(envelope, office)
    return Destination(
        centre=manifest.centre,
        addresses=settings.office.addresses or manifest.office.addresses,
        receipts_key=VerifyKey.from_hex(manifest.office.receipts_key),
    )
