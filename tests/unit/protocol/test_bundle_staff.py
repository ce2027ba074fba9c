"""Who may stand in a bundle's list of staff."""

import pytest
from msgspec.structs import replace

from protocol.bundle import BundleManifest, open_bundle, sign_bundle
from protocol.decisions import MACHINE
from protocol.errors import MalformedError
from protocol.keys import SigningKey
from protocol.values import decode, encode
from tests.unit.protocol.vector_readers import FOLDER, load


def test_nobody_of_a_bundle_is_called_as_the_machine_is() -> None:
    """What the office signs all the same is no bundle: such acts would look like the box's own."""
    vector = load(FOLDER / "bundle" / "one_of_each.json")
    key = SigningKey.generate()
    manifest = open_bundle(vector.envelopes()[0], vector.public("signer"))
    person = replace(manifest.staff[0], id=MACHINE)
    with pytest.raises(ValueError, match="other names"):
        replace(manifest, staff=(person,))
    written = encode(manifest).replace(
        f'"id":"{manifest.staff[0].id}"'.encode(), f'"id":"{MACHINE}"'.encode()
    )
    with pytest.raises(MalformedError):
        decode(written, BundleManifest)
    assert open_bundle(sign_bundle(manifest, key), key.public) == manifest
