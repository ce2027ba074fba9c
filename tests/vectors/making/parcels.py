"""Vectors of segments and of parcels."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from protocol import parcel as p
from protocol.amendment import Amendment, AmendmentRecord, Notice, sign_amendment
from protocol.closing import sign_closing
from protocol.decisions import sign_decision
from protocol.envelope import Envelope, sign
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType
from protocol.receipt import sign_receipt
from protocol.segment import FIRST, FromRoom, FromSeat, SegmentManifest, View, sign_manifest
from protocol.staff_api import sign_act
from protocol.values import encode, sha256_hex
from tests.vectors.making import decisions, logs
from tests.vectors.making import samples as s
from tests.vectors.making.fixed_age import fixed_bytes, frame_fixed, seal_fixed
from tests.vectors.making.statements import closing
from tests.vectors.making.vector import ACCEPTED, Vector, base64_of


def make() -> Iterator[Vector]:
    yield from _segments()
    yield from _parcels()


# --- segments --------------------------------------------------------------------------------

SEAT_SOURCE = FromSeat(session=s.SESSION, epoch=1)
ROOM_SOURCE = FromRoom(
    centre=s.CENTRE,
    sitting=s.SITTING,
    appliance=s.APPLIANCE,
    generation=1,
    room=s.ROOM,
    camera="cam-1",
)


def _sealed_segment(n: int) -> bytes:
    plain = b"".join(fixed_bytes(f"picture {n} {i}") for i in range(4))
    return seal_fixed(plain, [s.OPENING.recipient], f"segment {n}")


SEALED = [_sealed_segment(1), _sealed_segment(2), _sealed_segment(3)[:-20]]
"""The third was torn: its last 20 bytes never reached the disk."""


def segment(n: int, prev: str, **changes: Any) -> SegmentManifest:
    sealed = SEALED[n - 1]
    fields: dict[str, Any] = {
        "source": SEAT_SOURCE,
        "view": View.FRONT,
        "n": n,
        "begins": s.NINE_O_CLOCK + 600_000 * (n - 1),
        "ends": s.NINE_O_CLOCK + 600_000 * n,
        "media_type": "video/mp4",
        "pieces": 300,
        "size": len(sealed),
        "digest": sha256_hex(sealed),
        "prev": prev,
        "complete": n < 3,
    }
    return SegmentManifest(**(fields | changes))


def segment_chain(key: SigningKey = s.SESSION_KEY, **changes: Any) -> list[Envelope]:
    """Return the signed manifests of a view, the last of them torn."""
    found: list[Envelope] = []
    prev = FIRST
    for n in (1, 2, 3):
        found.append(sign_manifest(segment(n, prev, **changes), key))
        prev = found[-1].digest
    return found


def _segments() -> Iterator[Vector]:
    seat = segment_chain()
    room = segment_chain(s.BOX, source=ROOM_SOURCE, view=View.ROOM)
    phone = segment_chain(s.BOX, view=View.PHONE_1)
    yield _chain("seat_view", "Three segments of a seat's camera, the last one torn", seat)
    yield _chain("phone_view", "A candidate's phone: signed by the box", phone, s.BOX)
    yield _chain("room_view", "A camera that looks at the room", room, s.BOX)
    flipped = [SEALED[0], SEALED[1][:-1] + bytes([SEALED[1][-1] ^ 1]), SEALED[2]]
    cases: tuple[tuple[str, str, list[Envelope], str, SigningKey, Sequence[bytes]], ...] = (
        ("gap", "The second segment is missing", [seat[0], seat[2]], "P300", s.SESSION_KEY, [SEALED[0], SEALED[2]]),
        ("other_history", "The second does not name the first", [seat[0], sign_manifest(segment(2, FIRST), s.SESSION_KEY)], "P300", s.SESSION_KEY, SEALED),
        ("other_key", "A phone's view, signed by the seat", segment_chain(view=View.PHONE_1), "P200", s.BOX, SEALED),
        ("sealed_altered", "The second segment's bytes were altered", seat, "P100", s.SESSION_KEY, flipped),
        ("sealed_cut", "The first is said to be whole but was cut", seat, "P100", s.SESSION_KEY, [SEALED[0][:-1], *SEALED[1:]]),
    )  # fmt: skip
    for name, about, manifests, expects, key, sealed in cases:
        yield _chain(f"refused_{name}", about, manifests, key, sealed, expects)
    for name, about, changes, key in (
        ("room_view_of_a_seat", "A room's view with a seat as its source", {"view": "room"}, s.BOX),
        ("epoch_0", "Epochs count from 1", {"source": {"from": "seat", "session": s.SESSION, "epoch": 0}}, s.SESSION_KEY),
        ("unknown_view", "A view that nobody knows", {"view": "roof"}, s.SESSION_KEY),
    ):  # fmt: skip
        fields = msgspec.to_builtins(segment(1, FIRST)) | changes
        forged = decisions.signed_fields(PayloadType.SEGMENT, fields, key)
        yield _chain(f"refused_{name}", about, [forged], key, SEALED[:1], "P100")


def _chain(
    name: str,
    about: str,
    manifests: list[Envelope],
    key: SigningKey = s.SESSION_KEY,
    sealed: Sequence[bytes] = SEALED,
    expects: str = ACCEPTED,
) -> Vector:
    output = None
    if expects == ACCEPTED:
        complete = [True, True, False]
        output = [
            {"digest": envelope.digest, "complete": whole}
            for envelope, whole in zip(manifests, complete, strict=True)
        ]
    return Vector(
        format="segment",
        name=name,
        about=about,
        expects=expects,
        keys={"signer": key},
        input={
            "manifests": manifests,
            "signer": "signer",
            "sealed": [base64_of(data) for data in sealed],
        },
        output=output,
    )


# --- parcels ---------------------------------------------------------------------------------

BLOB, SECOND_BLOB = b"a sealed segment", "另一个".encode()
MADE_AT = s.NINE_O_CLOCK + 60_000


def key(lane: p.Lane, n: int = 1, generation: int = 1) -> p.ParcelKey:
    return p.ParcelKey(
        centre=s.CENTRE,
        sitting=s.SITTING,
        appliance=s.APPLIANCE,
        generation=generation,
        lane=lane,
        n=n,
    )


def journal_record() -> p.JournalRecord:
    return p.JournalRecord(
        session=s.SESSION,
        epoch=1,
        first=1,
        events=tuple(msgspec.Raw(body) for body in s.BODIES),
        head=s.head(11),
        acknowledgement=s.acknowledgement(11),
    )


def records() -> dict[p.Lane, tuple[p.Record, ...]]:
    """Return every kind of record, in its lane."""
    made = decisions.act(9, decisions.ACTS[8])
    alert = p.AlertRecord(
        at=s.NINE_O_CLOCK,
        subject=s.SUBJECT,
        session=s.SESSION,
        candidate=s.CANDIDATE,
        seat=s.SEAT,
        cause="second_person",
        detail="",
        confidence=874,
        picture=sha256_hex(BLOB),
    )
    amendment = Amendment(
        sitting=s.SITTING,
        subject=s.SUBJECT,
        n=1,
        issued_at=s.NINE_O_CLOCK,
        what=Notice(item=None, text="计算器在桌面左侧。"),
    )
    last = segment_chain()[-1]
    return {
        p.Lane.ANSWERS: (
            p.GrantRecord(grant=s.GRANT_ENVELOPE),
            journal_record(),
            p.ReceiptRecord(receipt=sign_receipt(logs.receipt(), s.BOX)),
            p.ClosingRecord(closing=sign_closing(closing(), s.BOX)),
            p.LaneEndRecord(subject=s.SUBJECT, views=()),
        ),
        p.Lane.EVIDENCE: (
            p.HeadRecord(head=s.head(7)),
            p.LogRecord(
                first=0,
                leaves=tuple(msgspec.Raw(body) for body in logs.BODIES),
                checkpoint=logs.note(),
                cosignatures=(logs._cosigned(logs.note()),),
            ),
        ),
        p.Lane.INCIDENTS: (
            p.DecisionRecord(decision=decisions.paused(), act=sign_act(made, s.STAFF)),
            p.DecisionRecord(
                decision=sign_decision(decisions.decision(11, decisions.KINDS[10]), s.BOX), act=None
            ),
            p.StrayRecord(
                session=s.SESSION,
                epoch=1,
                first=10,
                events=tuple(msgspec.Raw(body) for body in s.BODIES[9:]),
                head=s.head(11),
            ),
            alert,
            AmendmentRecord(amendment=sign_amendment(amendment, s.OFFICE), confirmed=6),
        ),
        p.Lane.PICTURES: (
            p.PictureRecord(
                session=s.SESSION,
                seat=s.SEAT,
                at=s.NINE_O_CLOCK,
                about=p.alert_digest(alert),
                media_type="image/jpeg",
                digest=sha256_hex(BLOB),
            ),
        ),
        p.Lane.RECORDINGS: (
            p.SegmentRecord(manifest=segment_chain()[0]),
            p.LaneEndRecord(
                subject=s.SUBJECT,
                views=(p.ViewEnd(source=SEAT_SOURCE, view=View.FRONT, n=3, last=last.digest),),
            ),
        ),
    }


def contents(lane: p.Lane, blobs: Sequence[bytes], **changes: Any) -> p.ParcelContents:
    listed = tuple(p.Blob(sha256=sha256_hex(blob), size=len(blob)) for blob in blobs)
    fields = {"key": key(lane), "records": records()[lane], "blobs": listed} | changes
    return p.ParcelContents(**fields)


def plain_of(inner: p.ParcelContents, blobs: Sequence[bytes]) -> bytes:
    body = encode(inner)
    return b"".join([len(body).to_bytes(8, "big"), body, *blobs])


class Made:
    """A parcel built from its parts, each of which a failure may replace."""

    def __init__(
        self,
        parcel_key: p.ParcelKey,
        plain: bytes,
        *,
        prev: str = p.FIRST,
        signer: SigningKey = s.BOX,
        frame: bytes | None = None,
        recipient: str = s.OPENING.recipient,
    ) -> None:
        frame = frame_fixed(plain) if frame is None else frame
        self.sealed = seal_fixed(frame, [recipient], parcel_key.file_name)
        self.header = p.ParcelHeader(
            key=parcel_key,
            prev=prev,
            sealed_sha256=sha256_hex(self.sealed),
            sealed_size=len(self.sealed),
            made_at=MADE_AT,
        )
        self.envelope = sign(PayloadType.PARCEL, self.header, signer)

    def file(self, envelope: Envelope | None = None, sealed: bytes | None = None) -> bytes:
        line = encode(self.envelope if envelope is None else envelope)
        return p.MAGIC + line + b"\n" + (self.sealed if sealed is None else sealed)


BLOBS = {p.Lane.PICTURES: [BLOB], p.Lane.RECORDINGS: [BLOB, SECOND_BLOB]}


def made(lane: p.Lane) -> Made:
    blobs = BLOBS.get(lane, [])
    return Made(key(lane), plain_of(contents(lane, blobs), blobs))


def _parcels() -> Iterator[Vector]:
    for lane in p.Lane:
        blobs = BLOBS.get(lane, [])
        one = made(lane)
        inner = contents(lane, blobs)
        yield _parcel(
            f"{lane.value}_1", f"The first parcel of lane {lane.value}", one, inner, blobs
        )
    first = made(p.Lane.ANSWERS)
    for name, about, one in (
        ("answers_2", "The second names the first", _next(first, key(p.Lane.ANSWERS, 2))),
        (
            "answers_1_of_generation_2",
            "A replacement opens the next generation: its lanes begin anew",
            _empty(key(p.Lane.ANSWERS, 1, 2)),
        ),
    ):
        inner = p.ParcelContents(key=one.header.key, records=())
        after = (0, p.FIRST) if one.header.key.n == 1 else (1, first.envelope.digest)
        yield _parcel(name, about, one, inner, [], after=after)
    yield from _refused()


def _empty(parcel_key: p.ParcelKey, **changes: Any) -> Made:
    return Made(parcel_key, plain_of(p.ParcelContents(key=parcel_key, records=()), []), **changes)


def _next(first: Made, parcel_key: p.ParcelKey) -> Made:
    return _empty(parcel_key, prev=first.envelope.digest)


def _refused() -> Iterator[Vector]:
    lane = p.Lane.RECORDINGS
    blobs = BLOBS[lane]
    good, inner = made(lane), contents(lane, blobs)
    plain = plain_of(inner, blobs)
    key_1 = key(lane)
    answers = made(p.Lane.ANSWERS)
    flipped = good.sealed[:-1] + bytes([good.sealed[-1] ^ 1])
    forged = sign(PayloadType.PARCEL, msgspec.structs.replace(good.header, made_at=0), s.SPARE)
    borrowed = msgspec.structs.replace(forged, signatures=good.envelope.signatures)
    bomb = (
        b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + (2**40).to_bytes(8, "little") + b"\x01\x00\x00"
    )
    unsized = b"\x28\xb5\x2f\xfd\x00\x58\x01\x00\x00"
    cases: tuple[tuple[str, str, bytes, str], ...] = (
        ("header_altered", "The header was altered, the signature stayed", good.file(borrowed), "P200"),
        ("other_box", "Signed by the spare box", Made(key_1, plain, signer=s.SPARE).file(), "P200"),
        ("sealed_altered", "The last sealed byte was altered", good.file(sealed=flipped), "P100"),
        ("sealed_cut", "The file ends early", good.file()[:-7], "P100"),
        ("sealed_of_another", "The header of one parcel before the sealed part of another", good.file(sealed=answers.sealed), "P100"),
        ("contents_in_the_wrong_lane", "The sealed contents belong to another lane", Made(key_1, plain_of(contents(p.Lane.ANSWERS, []), [])).file(), "P100"),
        ("contents_of_another_generation", "The sealed contents belong to another generation", _empty_within(key_1, key(lane, 1, 2)), "P100"),
        ("blob_cut", "The last blob is cut short", Made(key_1, plain[:-1]).file(), "P100"),
        ("blob_altered", "A blob was altered before sealing", Made(key_1, plain[:-1] + b"?").file(), "P100"),
        ("bytes_behind", "Bytes behind the last blob", Made(key_1, plain + b"x").file(), "P100"),
        ("contents_cut", "The contents are shorter than they say", Made(key_1, plain[:20]).file(), "P100"),
        ("unknown_record", "A record of a kind that nobody knows", Made(key_1, plain_of_text(encode(inner).replace(b'"segment"', b'"segments"'))).file(), "P100"),
        ("prev_wrong", "It does not name the parcel before it", Made(key_1, plain, prev=s.digest_named("another")).file(), "P300"),
        ("second_without_first", "The first of the lane is missing", _empty(key(lane, 2), prev=good.envelope.digest).file(), "P300"),
        ("not_for_this_office", "Sealed to another office", Made(key_1, plain, recipient=s.SPARE_AGE.recipient).file(), "P400"),
        ("not_zstd", "No zstd frame within", Made(key_1, plain, frame=plain).file(), "P100"),
        ("frame_declares_a_terabyte", "A zstd frame that declares a terabyte", Made(key_1, b"", frame=bomb).file(), "P100"),
        ("frame_declares_nothing", "A zstd frame that declares no size", Made(key_1, b"", frame=unsized).file(), "P100"),
        ("bytes_behind_the_frame", "Bytes behind the zstd frame", Made(key_1, plain, frame=frame_fixed(plain) + b"x").file(), "P100"),
        ("other_magic", "Another version's first line", good.file().replace(b"PARCEL-1", b"PARCEL-2", 1), "P100"),
        ("no_header", "No second line", p.MAGIC + b"{}", "P100"),
    )  # fmt: skip
    for name, about, file, expects in cases:
        yield Vector(
            format="parcel",
            name=f"refused_{name}",
            about=about,
            expects=expects,
            keys={"box": s.BOX, "office": s.OPENING},
            input=_input(file, (0, p.FIRST)),
        )


def _empty_within(outer: p.ParcelKey, within: p.ParcelKey) -> bytes:
    return Made(outer, plain_of(p.ParcelContents(key=within, records=()), [])).file()


def plain_of_text(body: bytes) -> bytes:
    return len(body).to_bytes(8, "big") + body + b"".join(BLOBS[p.Lane.RECORDINGS])


def _input(file: bytes, after: tuple[int, str]) -> dict[str, Any]:
    return {
        "file": base64_of(file),
        "box": "box",
        "office": "office",
        "after": {"n": after[0], "digest": after[1]},
    }


def _parcel(
    name: str,
    about: str,
    one: Made,
    inner: p.ParcelContents,
    blobs: Sequence[bytes],
    *,
    after: tuple[int, str] = (0, p.FIRST),
) -> Vector:
    return Vector(
        format="parcel",
        name=name,
        about=about,
        keys={"box": s.BOX, "office": s.OPENING},
        input=_input(one.file(), after),
        output={
            "file_name": one.header.key.file_name,
            "digest": one.envelope.digest,
            "header": one.header,
            "contents": msgspec.json.decode(encode(inner)),
            "blobs": {sha256_hex(blob): base64_of(blob) for blob in blobs},
        },
    )
