"""Vectors of decisions and of the staff's acts, each kind."""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec

from protocol import decisions as d
from protocol import staff_api as a
from protocol.envelope import Envelope, Signature, pae
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType
from tests.vectors.making import samples as s
from tests.vectors.making.vector import ACCEPTED, Vector, base64_of

KINDS: tuple[d.What, ...] = (
    d.DoorsOpened(correction=-1_250),
    d.Armed(start=s.NINE_O_CLOCK),
    d.Disarmed(),
    d.IdentityDecided(method="face", accepted=True, withheld=False, distance=412, reason=""),
    d.IdentityDecided(method="person", accepted=True, withheld=True, distance=-1, reason="照片旧"),
    d.Paused(reason="停电"),
    d.Resumed(reason="来电"),
    d.TimeGiven(ms=300_000, reason="鼠标更换"),
    d.Told(text="请检查耳机。", must_confirm=True),
    d.LeaveGranted(back_by=s.NINE_O_CLOCK + 300_000),
    d.LeaveEnded(),
    d.Warned(article="1.2", text="请不要东张西望"),
    d.Collected(reason="超时未归"),
    d.Reopened(reason="延时未达"),
    d.Voided(article="2.1", reason="携带手机"),
    d.AbsentMarked(reason="迟到"),
    d.Refused(reason="证件不符"),
    d.Moved(seat="b-12", epoch=2, reason="显示器故障"),
    d.SubjectClosed(),
)

FOR_ALL = (d.DoorsOpened, d.Armed, d.Disarmed, d.SubjectClosed)
BY_MACHINE = (d.LeaveEnded, d.AbsentMarked)


def decision(n: int, what: d.What) -> d.Decision:
    """Return decision ``n``: about one candidate or about all, by a person or the machine."""
    everybody, machine = isinstance(what, FOR_ALL), isinstance(what, BY_MACHINE)
    nobody = everybody or isinstance(what, d.AbsentMarked)
    return d.Decision(
        appliance=s.APPLIANCE,
        generation=1,
        n=n,
        sitting=s.SITTING,
        subject=s.SUBJECT,
        scope=d.Scope.ALL if everybody else d.Scope.ONE,
        candidate=None if everybody else s.CANDIDATE,
        session=None if nobody else s.SESSION,
        at=s.NINE_O_CLOCK + 1_000 * n,
        by=d.MACHINE if machine else "wang",
        act=None if machine else s.digest_named(f"act {n}"),
        what=what,
    )


def paused() -> Envelope:
    """Return a decision as it reaches a seat."""
    return d.sign_decision(decision(6, KINDS[5]), s.BOX)


ACTS: tuple[a.Act, ...] = (
    a.OpenDoors(correction=-1_250),
    a.OpenPairing(seats=("a-07", "b-12")),
    a.ClosePairing(),
    a.Unlock(subject=s.SUBJECT),
    a.Arm(subject=s.SUBJECT, start=s.NINE_O_CLOCK),
    a.Disarm(subject=s.SUBJECT),
    a.DecideIdentity(candidate=s.CANDIDATE, accepted=True, reason="本人"),
    a.Pause(candidate=None, reason="停电"),
    a.Pause(candidate=s.CANDIDATE, reason="换机"),
    a.Resume(candidate=None, reason="来电"),
    a.Extend(candidate=s.CANDIDATE, ms=300_000, reason="鼠标更换"),
    a.Message(candidate=None, text="还有十五分钟。", must_confirm=False),
    a.Collect(candidate=s.CANDIDATE, reason="超时未归"),
    a.Reopen(candidate=s.CANDIDATE, reason="延时未达"),
    a.Void(candidate=s.CANDIDATE, article="2.1", reason="携带手机"),
    a.MarkAbsent(candidate=s.CANDIDATE, reason="未到"),
    a.Move(candidate=s.CANDIDATE, seat="b-12", reason="显示器故障"),
    a.GrantLeave(candidate=s.CANDIDATE),
    a.EndLeave(candidate=s.CANDIDATE),
    a.LowerHand(candidate=s.CANDIDATE),
    a.CloseSubject(subject=s.SUBJECT),
    a.OpenPairing(seats=("a-07",), replace=True),
    a.NoteStray(candidate=s.CANDIDATE),
)


def act(n: int, what: a.Act) -> a.StaffAct:
    return a.StaffAct(
        centre=s.CENTRE,
        appliance=s.APPLIANCE,
        generation=1,
        sitting=s.SITTING,
        staff="wang",
        nonce=s.id_named(f"act {n}"),
        at=s.NINE_O_CLOCK + 1_000 * n,
        act=what,
    )


def make() -> Iterator[Vector]:
    yield from _decisions()
    yield from _acts()


def _decisions() -> Iterator[Vector]:
    every = [decision(n, what) for n, what in enumerate(KINDS, start=1)]
    signed = [d.sign_decision(one, s.BOX) for one in every]
    yield _statement(
        "decision", "every_kind", "Every kind of decision", "box", s.BOX, signed, every
    )
    fields = msgspec.to_builtins(every[5])
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "one_without_candidate": ("Scope one, but nobody is named", {"candidate": None}),
        "all_with_candidate": ("Scope all, but somebody is named", {"scope": "all"}),
        "person_without_act": ("By a person who signed nothing", {"act": None}),
        "machine_with_act": ("By the machine, with somebody's act", {"by": "machine"}),
        "number_0": ("Decisions count from 1", {"n": 0}),
        "unknown_kind": ("A kind that nobody knows", {"what": {"kind": "cancelled"}}),
        "kind_without_its_field": ("Time given, but not how much", {"what": {"kind": "time_given", "reason": ""}}),
    }  # fmt: skip
    for name, (about, changes) in cases.items():
        forged = signed_fields(PayloadType.DECISION, fields | changes, s.BOX)
        yield _statement("decision", f"refused_{name}", about, "box", s.BOX, [forged], "P100")
    spare = d.sign_decision(every[5], s.SPARE)
    yield _statement(
        "decision", "refused_other_box", "Signed by the spare box", "box", s.BOX, [spare], "P200"
    )


def _acts() -> Iterator[Vector]:
    every = [act(n, what) for n, what in enumerate(ACTS, start=1)]
    signed = [a.sign_act(one, s.STAFF) for one in every]
    yield _statement(
        "staff_act", "every_kind", "Every kind of act", "staff", s.STAFF, signed, every
    )
    bad = msgspec.to_builtins(every[7])
    bad["act"]["candidate"] = ""
    forged = signed_fields(PayloadType.STAFF_ACT, bad, s.STAFF)
    about = "Nobody's name where everybody is meant: everybody is null"
    yield _statement(
        "staff_act", "refused_empty_candidate", about, "staff", s.STAFF, [forged], "P100"
    )


def _statement(
    kind: str,
    name: str,
    about: str,
    signer: str,
    key: SigningKey,
    envelopes: list[Envelope],
    outcome: Any,
) -> Vector:
    good = not isinstance(outcome, str)
    return statement(
        kind,
        name,
        about,
        {signer: key},
        envelopes,
        outcome if good else None,
        ACCEPTED if good else outcome,
    )


def statement(
    kind: str,
    name: str,
    about: str,
    signer: dict[str, SigningKey],
    envelopes: list[Envelope],
    values: list[Any] | None,
    expects: str = ACCEPTED,
) -> Vector:
    """Return a vector of signed statements of one type."""
    output = None
    if values is not None:
        output = [
            {"value": value, "digest": envelope.digest}
            for value, envelope in zip(values, envelopes, strict=True)
        ]
    return Vector(
        format=kind,
        name=name,
        about=about,
        expects=expects,
        keys=signer,
        input={"envelopes": envelopes, "signer": next(iter(signer))},
        output=output,
    )


def signed_fields(payload_type: PayloadType, fields: dict[str, Any], key: SigningKey) -> Envelope:
    """Sign fields that no value of ours would hold."""
    payload = msgspec.json.encode(fields, order="sorted")
    message = pae(payload_type.value, payload)
    return Envelope(
        payload=base64.b64encode(payload).decode(),
        payloadType=payload_type.value,
        signatures=(Signature(keyid=key.public.id, sig=base64_of(key.sign(message))),),
    )
