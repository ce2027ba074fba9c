"""Every message comes back as it was sent; no signed statement survives a single turned bit."""

import base64
import enum
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exam.candidates import Roster
from exam.paper import AnswerKeys, Paper
from protocol import faces_api, pairing, recordings_api, seat_api, staff_api, upload
from protocol.bundle import BundleManifest
from protocol.decisions import MACHINE, Decision, Scope
from protocol.envelope import Envelope, Signature, open_envelope, sign, unsafe_payload, verify
from protocol.errors import ProtocolError, UntrustedError
from protocol.grant import Grant, Position
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.segment import FromRoom, FromSeat, SegmentManifest, View
from protocol.values import LARGEST, decode, decode_canonical, encode
from tests.property.test_parsers import TYPES
from tests.unit.protocol.vector_readers import load, paths

KEY = SigningKey.from_seed(b"\x06" * 32)
few = settings(deadline=None, max_examples=20)
"""Of each of the many types."""
MESSAGES: dict[str, Any] = TYPES | {
    "Paper": Paper,
    "AnswerKeys": AnswerKeys,
    "Roster": Roster,
    "HallInfo": seat_api.HallInfo,
    "LoginReply": seat_api.LoginReply,
    "BatchReply": seat_api.BatchReply,
    "ActReply": staff_api.ActReply,
    "HallStatus": staff_api.HallStatus,
    "FrameReply": faces_api.FrameReply,
    "RecordingsReply": recordings_api.RecordingsReply,
    "ViewEnded": recordings_api.ViewEnded,
    "ReceiptsFile": upload.ReceiptsFile,
    "Start": pairing.Start,
    "Finish": pairing.Finish,
    "Refused": pairing.Refused,
}


# --- any value of any type -------------------------------------------------------------------

labels = st.sampled_from(["a", "a-07", "0", "x" * 63])
words = st.text(max_size=8)
PATTERNS: list[tuple[str, st.SearchStrategy[str]]] = [
    ("{64}", st.binary(min_size=32, max_size=32).map(bytes.hex)),
    ("{32}", st.binary(min_size=16, max_size=16).map(bytes.hex)),
    ("{0,61}", labels),
    ("._-", st.sampled_from(["a", "papers/theory.age", "0.1/x_y-z"])),
]


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of the values that ``kind`` allows."""
    origin, inner = get_origin(kind), get_args(kind)
    if hasattr(kind, "__metadata__"):
        return _annotated(inner[0], kind.__metadata__[0])
    if origin in (Union, types.UnionType):
        return st.one_of([any_of(one) for one in inner])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple and inner[1:] == (...,):
        return st.lists(any_of(inner[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*[any_of(one) for one in inner])
    if origin is dict:
        return st.dictionaries(any_of(inner[0]), any_of(inner[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.deferred(lambda: _struct(kind))
    return PLAIN[kind]


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: words,
    bytes: st.binary(max_size=8),
    bool: st.booleans(),
    int: st.integers(0, LARGEST),
    type(None): st.none(),
    msgspec.Raw: st.dictionaries(words, words, max_size=2).map(lambda it: msgspec.Raw(encode(it))),
}


def _annotated(base: Any, meta: msgspec.Meta) -> st.SearchStrategy[Any]:
    if meta.pattern is not None:
        return next(values for part, values in PATTERNS if part in meta.pattern)
    if base is int:
        return st.sampled_from([meta.ge, meta.le or LARGEST]) | st.integers(meta.ge, meta.le)
    if base is bytes:
        return st.binary(min_size=meta.min_length or 0, max_size=min(meta.max_length or 8, 40))
    return st.lists(any_of(get_args(base)[0]), min_size=meta.min_length or 0, max_size=2).map(tuple)


def _struct(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    parts = {field.name: any_of(field.type) for field in msgspec.structs.fields(kind)}
    made = st.fixed_dictionaries(parts)
    fit: Callable[[dict[str, Any]], dict[str, Any]] = FITTING.get(kind, lambda values: values)
    return made.map(lambda values: kind(**fit(values)))


def _fit_grant(values: dict[str, Any]) -> dict[str, Any]:
    before: Position | None = values["previous"]
    if before is not None and before.epoch == LARGEST:
        before = replace(before, epoch=1)
    return values | {"previous": before, "epoch": before.epoch + 1 if before else 1}


def _fit_decision(values: dict[str, Any]) -> dict[str, Any]:
    by = values["by"] if values["act"] else MACHINE
    candidate = (values["candidate"] or "c") if values["scope"] is Scope.ONE else None
    return values | {"by": by, "candidate": candidate}


def _fit_segment(values: dict[str, Any]) -> dict[str, Any]:
    if isinstance(values["source"], FromRoom):
        return values | {"view": View.ROOM}
    assert isinstance(values["source"], FromSeat)
    return values | {"view": View.FRONT if values["view"] is View.ROOM else values["view"]}


FITTING: dict[Any, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Grant: _fit_grant,
    Decision: _fit_decision,
    SegmentManifest: _fit_segment,
    BundleManifest: lambda v: v | {"sitting": replace(v["sitting"], centre=v["centre"])},
}


@pytest.mark.parametrize("name", sorted(MESSAGES))
@few
@given(data=st.data())
def test_every_message_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    """Any value, written and read, is equal, and has one encoding."""
    kind = MESSAGES[name]
    value = data.draw(any_of(kind))
    written = encode(value)
    again = decode_canonical(written, kind)
    assert again == value
    assert encode(again) == written


# --- every statement, every bit ----------------------------------------------------------------


def statements() -> dict[str, tuple[Envelope, PayloadType, VerifyKey]]:
    """Return an envelope of each payload type out of the frozen vectors, with its signer's key."""
    found: dict[str, tuple[Envelope, PayloadType, VerifyKey]] = {}
    for path in paths():
        vector = load(path)
        if vector.expects != "accepted":
            continue
        keys = [
            VerifyKey.from_hex(key["public"]) for key in vector.keys.values() if "public" in key
        ]
        for envelope in _envelopes(vector.input):
            for key in keys:
                kind = PayloadType(envelope.payloadType)
                if key.id in {s.keyid for s in envelope.signatures}:
                    found.setdefault(kind.name, (envelope, kind, key))
    return found


def _envelopes(value: Any) -> list[Envelope]:
    """Return the envelopes anywhere within a vector's input."""
    if isinstance(value, dict):
        if "payloadType" in value and "signatures" in value:
            return [decode(encode(value), Envelope)]
        return [one for inner in value.values() for one in _envelopes(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in _envelopes(inner)]
    if isinstance(value, str) and value.startswith("{"):
        return _envelopes(msgspec.json.decode(value))
    return []


STATEMENTS = statements()


def turned(data: bytes, bit: int) -> bytes:
    """Return ``data`` with one bit turned."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_payload_type_is_among_them_but_what_travels_in_parcels() -> None:
    """The property below speaks of all statements that are ever signed."""
    assert set(STATEMENTS) >= {kind.name for kind in PayloadType} - {"PARCEL"}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
@few
@given(data=st.data())
def test_no_statement_survives_a_turned_bit(name: str, data: st.DataObject) -> None:
    """In payload, type, signature: one bit turned, and nobody's key has signed it."""
    envelope, kind, key = STATEMENTS[name]
    signature = next(s for s in envelope.signatures if s.keyid == key.id)
    payload, sig = unsafe_payload(envelope), base64.b64decode(signature.sig)
    assert verify(envelope, kind, [key]) == payload
    bit = data.draw(st.integers(0, 8 * (len(payload) + len(sig)) - 1))
    changed = turned(payload + sig, bit)
    forged = Envelope(
        payload=base64.b64encode(changed[: len(payload)]).decode(),
        payloadType=envelope.payloadType,
        signatures=(
            Signature(keyid=key.id, sig=base64.b64encode(changed[len(payload) :]).decode()),
        ),
    )
    with pytest.raises(UntrustedError):
        verify(forged, kind, [key])
    for other in PayloadType:
        if other is not kind:
            with pytest.raises(ProtocolError):
                verify(replace(envelope, payloadType=other.value), other, [key])


@pytest.mark.parametrize("name", sorted({kind.name for kind in PayloadType}))
@few
@given(data=st.data())
def test_what_is_signed_opens_as_it_was(name: str, data: st.DataObject) -> None:
    """Of every payload type: any value, signed, written, read and opened, is equal."""
    kind, expected = PayloadType[name], PAYLOADS[PayloadType[name]]
    value = data.draw(any_of(expected))
    again = decode(encode(sign(kind, value, KEY)), Envelope)
    assert open_envelope(again, kind, KEY.public, expected) == value


PAYLOADS: dict[PayloadType, Any] = {
    PayloadType.BUNDLE: TYPES["BundleManifest"],
    PayloadType.AMENDMENT: TYPES["Amendment"],
    PayloadType.REVOCATIONS: TYPES["RevocationList"],
    PayloadType.GRANT: TYPES["Grant"],
    PayloadType.HEAD: TYPES["Head"],
    PayloadType.ACKNOWLEDGEMENT: TYPES["Acknowledgement"],
    PayloadType.DECISION: TYPES["Decision"],
    PayloadType.STAFF_ACT: TYPES["StaffAct"],
    PayloadType.SEGMENT: TYPES["SegmentManifest"],
    PayloadType.PARCEL: TYPES["ParcelHeader"],
    PayloadType.CLOSING: TYPES["Closing"],
    PayloadType.RECEIPT: TYPES["Receipt"],
    PayloadType.OFFICE_RECEIPT: TYPES["OfficeReceipt"],
}
