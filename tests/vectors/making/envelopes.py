"""Vectors of keys and envelopes."""

import base64
from collections.abc import Iterator

import msgspec

from protocol.envelope import Envelope, Signature, pae, sign
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType
from tests.vectors.making import samples as s
from tests.vectors.making.vector import ACCEPTED, Vector, altered, base64_of

_HEAD = s.head(7)
_PAYLOAD = base64.b64decode(_HEAD.payload)
_DSSE = "https://github.com/secure-systems-lab/dsse/blob/master/protocol.md"


def make() -> Iterator[Vector]:
    yield from _keys()
    yield _pae()
    yield from _envelopes()


def _keys() -> Iterator[Vector]:
    yield Vector(
        format="key",
        name="rfc8032_test_1",
        about="The key id is the SHA-256 of the key's SubjectPublicKeyInfo",
        source="RFC 8032, section 7.1, TEST 1",
        input={"public": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
        output={"id": "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9"},
    )
    y = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
    for name, public, about in (
        ("identity", "01" + "00" * 31, "The neutral element: any message has the same signature"),
        ("small_order", y + "fa", "A point of order 8, with the sign bit set"),
        ("beyond_the_field", "ee" + "ff" * 30 + "7f", "The neutral element, written as p + 1"),
        (
            "upper_case",
            "D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A",
            "Upper case",
        ),
        ("short", "d75a98", "Three bytes"),
    ):
        yield Vector(
            format="key",
            name=f"refused_{name}",
            about=about,
            expects="P100",
            input={"public": public},
        )


def _pae() -> Vector:
    return Vector(
        format="pae",
        name="of_the_standard",
        about="The bytes that are signed, in the standard's own example",
        source=_DSSE,
        input={"payloadType": "http://example.com/HelloWorld", "payload": "hello world"},
        output={"pae": "DSSEv1 29 http://example.com/HelloWorld 11 hello world"},
    )


def _vector(name: str, about: str, envelope: Envelope, expects: str = ACCEPTED) -> Vector:
    accepted = expects == ACCEPTED
    return Vector(
        format="envelope",
        name=name,
        about=about,
        expects=expects,
        keys={"session": s.SESSION_KEY},
        input={
            "envelope": envelope,
            "payload_type": PayloadType.HEAD.value,
            "signer": "session",
        },
        output={"payload": _PAYLOAD.decode(), "digest": _HEAD.digest} if accepted else None,
    )


def _envelopes() -> Iterator[Vector]:
    own = _HEAD.signatures[0]
    foreign = s.head(7, key=s.SPARE).signatures[0]
    raw = base64.b64decode(own.sig)
    flipped = bytes([_PAYLOAD[0]]) + bytes([_PAYLOAD[1] ^ 1]) + _PAYLOAD[2:]
    other_type = PayloadType.ACKNOWLEDGEMENT.value
    yield _vector("one_signature", "A journal head, signed by its session key", _HEAD)
    yield _vector(
        "two_signatures",
        "Somebody else's signature stands before the expected one: it is passed over",
        altered(_HEAD, signatures=(foreign, own)),
    )
    yield _vector(
        "refused_payload_altered",
        "One bit of the payload was turned",
        altered(_HEAD, payload=base64_of(flipped)),
        "P200",
    )
    yield _vector(
        "refused_type_altered",
        "The payload type was written over: it is inside the signature",
        altered(_HEAD, payloadType=other_type),
        "P200",
    )
    yield _vector(
        "refused_signed_as_another_type",
        "Signed by the right key, but as an acknowledgement",
        sign(PayloadType.ACKNOWLEDGEMENT, s.j.Head(**msgspec.json.decode(_PAYLOAD)), s.SESSION_KEY),
        "P200",
    )
    yield _vector("refused_other_key", "Signed by another key", s.head(7, key=s.SPARE), "P200")
    yield _vector(
        "refused_borrowed_key_id",
        "Another key's signature under the expected key id",
        altered(_HEAD, signatures=(Signature(keyid=own.keyid, sig=foreign.sig),)),
        "P200",
    )
    yield _vector(
        "refused_no_key_id",
        "The right signature without its key id, which this product demands",
        altered(_HEAD, signatures=(Signature(keyid="", sig=own.sig),)),
        "P200",
    )
    yield _vector("refused_no_signature", "No signature", altered(_HEAD, signatures=()), "P200")
    yield _vector(
        "refused_signature_cut",
        "The signature lacks its last byte",
        altered(_HEAD, signatures=(Signature(keyid=own.keyid, sig=base64_of(raw[:-1])),)),
        "P200",
    )
    yield _vector(
        "refused_many_signatures",
        "Seventeen signatures; sixteen are the limit",
        altered(_HEAD, signatures=(own,) * 17),
        "P100",
    )
    yield _vector(
        "refused_not_base64",
        "The payload is not base64",
        altered(_HEAD, payload=_HEAD.payload[:-1] + "\n"),
        "P100",
    )
    url_safe = sign(PayloadType.HEAD, s.GRANT, s.SESSION_KEY)
    yield _vector(
        "refused_url_safe_base64",
        "base64 of the URL-safe alphabet, which DSSE lets a reader take; this product does not",
        altered(url_safe, payload=base64.urlsafe_b64encode(b"\xfb\xff\xfe").decode()),
        "P100",
    )
    yield from _not_canonical()


def _not_canonical() -> Iterator[Vector]:
    spaced = _PAYLOAD.replace(b",", b", ")
    cases = (
        ("space", "A space after each comma", spaced),
        ("unsorted_keys", "The keys in reverse", _reversed(_PAYLOAD)),
        ("key_twice", "A key twice", _PAYLOAD.replace(b'{"epoch":1', b'{"epoch":1,"epoch":1')),
        ("float", "1.0 instead of 1", _PAYLOAD.replace(b'"epoch":1', b'"epoch":1.0')),
        ("escape", "An escape that is not needed", _PAYLOAD.replace(b'"epoch"', b'"\\u0065poch"')),
        ("unknown_field", "A field more", _PAYLOAD.replace(b'{"epoch"', b'{"a":0,"epoch"')),
        ("missing_field", "A field less", _PAYLOAD.replace(b'"epoch":1,', b"")),
        ("too_large", "2^53, which not every reader keeps", _number(_PAYLOAD, 2**53)),
        ("negative", "A negative number of events", _number(_PAYLOAD, -1)),
        ("final_newline", "A newline at the end of a name", _PAYLOAD.replace(b'"}', b'\\n"}')),
        ("byte_order_mark", "A byte order mark", b"\xef\xbb\xbf" + _PAYLOAD),
        ("not_utf8", "Not UTF-8", _PAYLOAD.replace(b'"session":"', b'"session":"\xff')),
    )
    for name, about, payload in cases:
        assert payload != _PAYLOAD, name
        yield Vector(
            format="head",
            name=f"refused_{name}",
            about=f"Well signed, but not the one encoding: {about}",
            expects="P100",
            keys={"session": s.SESSION_KEY},
            input={"envelopes": [_signed(payload, s.SESSION_KEY)], "signer": "session"},
        )


def _reversed(payload: bytes) -> bytes:
    fields = msgspec.json.decode(payload)
    return msgspec.json.encode({key: fields[key] for key in sorted(fields, reverse=True)})


def _number(payload: bytes, n: int) -> bytes:
    return payload.replace(b'"n":7', b'"n":%d' % n)


def _signed(payload: bytes, key: SigningKey) -> Envelope:
    name = PayloadType.HEAD.value
    signature = Signature(keyid=key.public.id, sig=base64_of(key.sign(pae(name, payload))))
    return Envelope(payload=base64_of(payload), payloadType=name, signatures=(signature,))
