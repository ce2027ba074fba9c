"""Where to deliver, and whose receipts to believe: from the bundle in place."""

from dataclasses import dataclass

from appliance.ipc.bundle import read_manifest
from appliance.ipc.identity import HasTls
from appliance.ipc.settings import Settings
from protocol.keys import VerifyKey


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The office as this box knows it."""

    centre: str
    addresses: tuple[str, ...]
    receipts_key: VerifyKey


def read_destination(settings: Settings, identity: HasTls) -> Destination:
    """Return where to deliver; raise `ProtocolError` where no sound bundle is in place."""
    manifest = read_manifest(settings, identity)
    return Destination(
        centre=manifest.centre,
        addresses=settings.office.addresses or manifest.office.addresses,
        receipts_key=VerifyKey.from_hex(manifest.office.receipts_key),
    )
