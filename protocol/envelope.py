"""DSSE: a signed envelope around bytes whose type is inside the signature.

Source: Dead Simple Signing Envelope 1.0 (secure-systems-lab/dsse). The signature
covers ``PAE(type, payload) = "DSSEv1" SP len(type) SP type SP len(payload) SP payload``.

Rules: verify the bytes, then parse; the caller names the type and the key that it
expects; one signature is enough and others beside it are ignored::

    envelope = sign(PayloadType.GRANT, grant, box_key)
    grant = open_envelope(envelope, PayloadType.GRANT, box_key.public, Grant)
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Final, TypeVar

from protocol.errors import MalformedError, UntrustedError
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import Value, decode_canonical, encode, sha256_hex

T = TypeVar("T", bound=Value)

MAX_PAYLOAD: Final = 8 * 1024 * 1024
"""Largest payload in bytes; what is larger is named by its digest instead."""

MAX_SIGNATURES: Final = 16


class Signature(Value, frozen=True, kw_only=True):
    """One signature; ``sig`` in base64 (RFC 4648, section 4)."""

    keyid: str
    sig: str


class Envelope(Value, frozen=True, kw_only=True):
    """DSSE's JSON form; the field names are the standard's."""

    payload: str
    payloadType: str  # noqa: N815 - the standard's name
    signatures: tuple[Signature, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the signed bytes: equal for equal statements, whoever signed them.

        It names a statement and proves nothing about its signer: look at the signature
        before an envelope is kept under its digest.
        """
        return sha256_hex(pae(self.payloadType, unsafe_payload(self)))


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding, the bytes that are signed."""
    name = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def sign(payload_type: PayloadType, value: Value, key: SigningKey) -> Envelope:
    """Sign ``value`` in its one encoding."""
    payload = encode(value)
    signature = key.sign(pae(payload_type, payload))
    return Envelope(
        payload=base64.b64encode(payload).decode(),
        payloadType=payload_type.value,
        signatures=(Signature(keyid=key.public.id, sig=base64.b64encode(signature).decode()),),
    )


def open_envelope(
    envelope: Envelope, payload_type: PayloadType, key: VerifyKey, expected: type[T]
) -> T:
    """Return the value that ``key`` signed as ``payload_type``.

    Raises `UntrustedError` for another type, key or signature and `MalformedError`
    for a payload that is not ``expected`` in its one encoding.
    """
    return decode_canonical(verify(envelope, payload_type, (key,)), expected)


def verify(envelope: Envelope, payload_type: PayloadType, keys: Iterable[VerifyKey]) -> bytes:
    """Return the payload's bytes if one of ``keys`` signed them as ``payload_type``."""
    if envelope.payloadType != payload_type.value:
        raise UntrustedError(
            f"expected a signed {payload_type.value}; got {envelope.payloadType[:120]!r}"
        )
    payload = unsafe_payload(envelope)
    message = pae(envelope.payloadType, payload)
    if len(envelope.signatures) > MAX_SIGNATURES:
        raise MalformedError(
            f"expected at most {MAX_SIGNATURES} signatures; got {len(envelope.signatures)}"
        )
    known = {key.id: key for key in keys}
    for signature in envelope.signatures:
        key = known.get(signature.keyid)
        if key is not None and key.accepts(unbase64(signature.sig), message):
            return payload
    raise UntrustedError(
        f"{payload_type.value}: expected a signature by "
        f"{' or '.join(sorted(i[:16] for i in known)) or 'a known key'}; got "
        f"{', '.join(s.keyid[:16] for s in envelope.signatures) or 'none'}, "
        "or one that does not fit the content"
    )


def unsafe_payload(envelope: Envelope) -> bytes:
    """Return the payload WITHOUT looking at any signature."""
    if len(envelope.payload) > MAX_PAYLOAD * 4 // 3 + 4:
        raise MalformedError(f"expected a payload of at most {MAX_PAYLOAD} bytes")
    return unbase64(envelope.payload)


def unbase64(text: str) -> bytes:
    """Read base64 (RFC 4648, section 4), with its padding and nothing else within."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"expected base64; got {text[:40]!r}") from error
