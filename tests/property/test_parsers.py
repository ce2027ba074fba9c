"""Whatever comes over the wire is read, or refused by a `ProtocolError`: nothing else is raised."""

import base64
import contextlib
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import (
    amendment,
    bundle,
    checkpoint,
    closing,
    decisions,
    grant,
    journal,
    log_entries,
    office_receipt,
    parcel,
    receipt,
    revocation,
    seat_api,
    segment,
    staff_api,
)
from protocol.envelope import Envelope, Signature, verify
from protocol.errors import ProtocolError
from protocol.keys import SigningKey, VerifyKey
from protocol.paper_file import read_paper_file
from protocol.payload_types import PayloadType
from protocol.sealing import SealingIdentity
from protocol.values import decode, decode_canonical
from tests.unit.protocol.vector_readers import FOLDER, load, paths, read

KEY = SigningKey.from_seed(b"\x04" * 32)
OPENING = SealingIdentity.from_seed(b"\x05" * 32)

TYPES: dict[str, Any] = {
    "Envelope": Envelope,
    "Batch": journal.Batch,
    "Event": journal.Event,
    "Head": journal.Head,
    "Acknowledgement": journal.Acknowledgement,
    "Grant": grant.Grant,
    "Decision": decisions.Decision,
    "StaffAct": staff_api.StaffAct,
    "Closing": closing.Closing,
    "Entry": log_entries.Entry,
    "Receipt": receipt.Receipt,
    "OfficeReceipt": office_receipt.OfficeReceipt,
    "Amendment": amendment.Amendment,
    "BundleManifest": bundle.BundleManifest,
    "RevocationList": revocation.RevocationList,
    "SegmentManifest": segment.SegmentManifest,
    "ParcelHeader": parcel.ParcelHeader,
    "ParcelContents": parcel.ParcelContents,
    "LoginRequest": seat_api.LoginRequest,
    "SeatSays": seat_api.SeatSays,
    "HallSays": seat_api.HallSays,
    "ActRequest": staff_api.ActRequest,
}

kinds = [one for kind in TYPES.values() for one in (get_args(kind) or (kind,))]
names = sorted(
    {field for kind in kinds for field in kind.__struct_fields__}
    | {"kind", "type", "record", "from", "says"}
)
texts = st.sampled_from(["answer", "front", "seat", "one", "0" * 32, "f" * 64, "a-07"]) | st.text()
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=5)
    ),
    max_leaves=12,
)
wires = st.binary(max_size=200) | trees.map(lambda tree: json.dumps(tree).encode())


def only_protocol_errors(function: Callable[..., object], *arguments: object) -> None:
    """Call; any error but a `ProtocolError` fails the test."""
    with contextlib.suppress(ProtocolError):
        function(*arguments)


@given(st.sampled_from(sorted(TYPES)), wires)
def test_any_bytes_as_any_type(name: str, data: bytes) -> None:
    """No bytes, JSON or not, bring down the reading of any type."""
    only_protocol_errors(decode, data, TYPES[name])
    only_protocol_errors(decode_canonical, data, TYPES[name])


@pytest.mark.parametrize("name", sorted(TYPES))
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b'{"events":' + b"[" * 100_000,
        b'{"events":[' + b'{"a":' * 100_000,
        b'{"\xff":1}',
        b'"\\ud800"',
        b"1e999",
        b"9" * 10_000,
        b"\x00" * 100,
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda data: repr(data[:14]),
)
def test_nasty_bytes(name: str, data: bytes) -> None:
    """Deep nesting, lone surrogates, huge numbers: refused like anything else."""
    with pytest.raises(ProtocolError):
        decode(data, TYPES[name])


envelopes = st.builds(
    Envelope,
    payload=st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()),
    payloadType=st.sampled_from([kind.value for kind in PayloadType]) | st.text(),
    signatures=st.lists(
        st.builds(Signature, keyid=st.just(KEY.public.id) | st.text(), sig=st.text()), max_size=3
    ).map(tuple),
)


@given(envelopes, st.sampled_from(PayloadType))
def test_any_envelope(envelope: Envelope, kind: PayloadType) -> None:
    """An envelope of any texts is refused: nobody here signed it."""
    with pytest.raises(ProtocolError):
        verify(envelope, kind, [KEY.public])


@given(wires)
def test_any_payload_that_is_well_signed(data: bytes) -> None:
    """Whatever a known key signs, the readers of every statement survive it."""
    for opens, kind in (
        (grant.open_grant, PayloadType.GRANT),
        (decisions.open_decision, PayloadType.DECISION),
        (segment.open_manifest, PayloadType.SEGMENT),
        (bundle.open_bundle, PayloadType.BUNDLE),
        (parcel.open_header, PayloadType.PARCEL),
    ):
        only_protocol_errors(opens, _signed(data, kind), KEY.public)
    signed = _signed(data, PayloadType.RECEIPT)
    only_protocol_errors(receipt.open_receipt, signed, KEY.public, KEY.public)


def _signed(payload: bytes, kind: PayloadType) -> Envelope:
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    sig = base64.b64encode(KEY.sign(message)).decode()
    return Envelope(
        payload=base64.b64encode(payload).decode(),
        payloadType=kind.value,
        signatures=(Signature(keyid=KEY.public.id, sig=sig),),
    )


@given(st.binary(max_size=300))
def test_any_file(data: bytes) -> None:
    """Parcels, paper files, age files and keys of any bytes are refused or read."""
    only_protocol_errors(parcel.read_header_line, data)
    only_protocol_errors(parcel.read_header_line, parcel.MAGIC + data + b"\n")
    only_protocol_errors(read_paper_file, data)
    only_protocol_errors(read_paper_file, data.ljust(1024, b"\0"))
    only_protocol_errors(OPENING.open, data)
    only_protocol_errors(OPENING.open, b"age-encryption.org/v1\n" + data)


@given(st.text(max_size=100))
def test_any_text(text: str) -> None:
    """Keys, identities, notes and cosignatures of any text are refused or read."""
    only_protocol_errors(VerifyKey.from_hex, text)
    only_protocol_errors(SealingIdentity.parse, text)
    for note in (text, f"{text}\n\n— a {text}\n", f"o\n{text}\n{text}\n\n— o AAAA\n"):
        only_protocol_errors(checkpoint.open_checkpoint, note, "o", KEY.public)
        only_protocol_errors(checkpoint.check_cosignature, note, text, "o", KEY.public)
        only_protocol_errors(checkpoint.check_cosignature, note, f"— o {text}", "o", KEY.public)


GOOD = [path for path in paths() if load(path).expects == "accepted"]
CHEAP = [path for path in GOOD if path.stem != "n_131072"]


@given(st.sampled_from(CHEAP), st.data())
def test_frozen_vectors_with_a_character_changed(path: Any, data: st.DataObject) -> None:
    """One character of any input changed: read or refused, never anything else."""
    vector = load(path)
    places = [key for key, value in vector.input.items() if isinstance(value, str) and value]
    signers = {"signer", "box", "log", "office", "identity", "payload_type"}
    changeable = [key for key in places if key not in signers]
    hexadecimal = {"grant_digest", "random", "digest", "root", "leaf", "old_root", "new_root"}
    for key in changeable:
        if key in hexadecimal or vector.format in {"unlock_code", "pae"}:
            continue
        text = vector.input[key]
        place = data.draw(st.integers(0, len(text) - 1))
        if key in {"file", "sealed"}:
            raw = bytearray(base64.b64decode(text))
            raw[place % len(raw)] ^= data.draw(st.integers(1, 255))
            changed = base64.b64encode(raw).decode()
        else:
            changed = text[:place] + data.draw(st.characters(codec="utf-8")) + text[place + 1 :]
        vector.input[key] = changed
    only_protocol_errors(read, vector)


def test_the_folder_of_vectors_is_there() -> None:
    """The property above has something to change."""
    assert FOLDER.is_dir()
    assert len(GOOD) > 60
