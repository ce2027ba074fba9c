"""Nothing that was signed can be changed unseen."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.envelope import Envelope, Signature, open_envelope, sign, unsafe_payload
from protocol.errors import ProtocolError
from protocol.journal import Head, open_head, sign_head
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType
from protocol.values import decode, encode

KEY = SigningKey.from_seed(b"\x03" * 32)

heads = st.builds(
    Head,
    session=st.binary(min_size=16, max_size=16).map(bytes.hex),
    epoch=st.integers(1, 2**53 - 1),
    n=st.integers(0, 2**53 - 1),
    head=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(heads)
def test_what_was_signed_opens_as_it_was(head: Head) -> None:
    """A value comes back equal, also after its envelope was written and read."""
    envelope = sign_head(head, KEY)
    again = decode(encode(envelope), Envelope)
    assert open_head(again, KEY.public) == head
    assert again.digest == envelope.digest


@given(heads, st.integers(0, 10_000), st.integers(1, 255))
def test_any_changed_byte_of_the_payload_is_refused(head: Head, place: int, mask: int) -> None:
    """One byte of the payload, changed in any way, and nobody opens it."""
    envelope = sign_head(head, KEY)
    raw = bytearray(unsafe_payload(envelope))
    raw[place % len(raw)] ^= mask
    forged = msgspec.structs.replace(envelope, payload=base64.b64encode(raw).decode())
    with pytest.raises(ProtocolError):
        open_head(forged, KEY.public)


@given(heads, st.integers(0, 63), st.integers(1, 255))
def test_any_changed_byte_of_the_signature_is_refused(head: Head, place: int, mask: int) -> None:
    """One byte of the signature, changed in any way, and nobody opens it."""
    envelope = sign_head(head, KEY)
    own = envelope.signatures[0]
    raw = bytearray(base64.b64decode(own.sig))
    raw[place] ^= mask
    bad = Signature(keyid=own.keyid, sig=base64.b64encode(raw).decode())
    with pytest.raises(ProtocolError):
        open_head(msgspec.structs.replace(envelope, signatures=(bad,)), KEY.public)


@given(heads, st.integers(0, 10_000), st.integers(1, 127))
def test_a_changed_byte_of_the_file_is_refused_or_harmless(
    head: Head, place: int, mask: int
) -> None:
    """One byte of the envelope's JSON changed: refused, or the very same statement."""
    data = bytearray(encode(sign_head(head, KEY)))
    data[place % len(data)] ^= mask
    try:
        opened = open_head(decode(bytes(data), Envelope), KEY.public)
    except ProtocolError:
        return
    assert opened == head


@given(heads, st.sampled_from([kind for kind in PayloadType if kind is not PayloadType.HEAD]))
def test_a_statement_is_never_read_as_another_type(head: Head, kind: PayloadType) -> None:
    """The same bytes, signed as another type, do not open: the type is in the signature."""
    envelope = sign(kind, head, KEY)
    with pytest.raises(ProtocolError):
        open_head(envelope, KEY.public)
    renamed = msgspec.structs.replace(envelope, payloadType=PayloadType.HEAD.value)
    with pytest.raises(ProtocolError):
        open_envelope(renamed, PayloadType.HEAD, KEY.public, Head)
