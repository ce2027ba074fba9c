"""What staff may ask for, and what is done about it.

The steps of `Acts.perform`:

1. The act is signed by a staff member of the bundle, for this box and this sitting.
2. An act that was replied to before, or whose decision is on record (core fell before its
   reply), is answered from the record, and nothing is done twice.
3. It is carried out by the part of core that it concerns; a decision names the act.
4. The reply is kept with the act's nonce.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appliance.core import records
from appliance.core.box import Box
from appliance.core.closing import Closer, OpenEndedError
from appliance.core.decisions import Decider, NotPossibleError
from appliance.core.hall import Hall, Seating
from appliance.core.pairing import OverlapError, PairingDesk
from appliance.core.release import Release, WaitError
from exam.identifiers import IdentifierError
from exam.session import State
from protocol import decisions as d
from protocol import staff_api as api
from protocol.codes import CodeError
from protocol.decisions import Scope, What
from protocol.envelope import Envelope
from protocol.errors import MalformedError, ProtocolError, UntrustedError, WrongCodeError
from protocol.keys import VerifyKey
from protocol.staff_api import ActDone, ActRefusal, ActRefused, ActReply, ActRequest, StaffAct
from protocol.values import decode, encode
from runtime.clock import HallClock, SteadyClock
from runtime.database import Database
from runtime.errors import ClockError, DiskError

_SOONEST_START_MS: Final = 3_000
"""Seats must hear of the start before it comes."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of core that carry acts out."""

    database: Database
    hall: Hall
    decider: Decider
    release: Release
    pairing: PairingDesk
    closer: Closer
    clock: HallClock
    steady: SteadyClock
    keep_anchor: Callable[[], Awaitable[None]]
    """Make the hall's clock durable after a person confirmed it."""


class Acts:
    """Carries out what staff ask for."""

    def __init__(self, parts: Parts, box: Box) -> None:
        self._database = parts.database
        self._hall = parts.hall
        self._decider = parts.decider
        self._release = parts.release
        self._pairing = parts.pairing
        self._closer = parts.closer
        self._clock = parts.clock
        self._steady = parts.steady
        self._keep_anchor = parts.keep_anchor
        self._box: Final = box
        self._one_at_a_time = asyncio.Lock()

    async def perform(self, request: ActRequest) -> ActReply:
        """Carry out a signed act; return what was done, or why not."""
        async with self._one_at_a_time:
            try:
                # 1
                asked = self._verified(request.act)
                # 2
                before = await self._database.read(lambda c: records.reply_to(c, asked.nonce))
                if before is not None:
                    return api.decode_act_reply(before)
                numbers = self._decided_before(request.act)
                # 3
                if not numbers:
                    numbers = await self._carry_out(asked, request)
                reply: ActReply = ActDone(decisions=tuple(numbers))
            except Exception as error:
                refused = _refusal(error)
                if refused is None:
                    raise
                return refused
            # 4
            data = encode(reply)
            await self._database.write(lambda c: records.put_reply(c, asked.nonce, data))
            return reply

    def _decided_before(self, envelope: Envelope) -> list[int]:
        """Return the decisions that this very act has led to."""
        return [made.n for made, _ in self._decider.made if made.act == envelope.digest]

    def _verified(self, envelope: Envelope) -> StaffAct:
        keys = {m.key: m for m in self._hall.manifest.staff}
        for text, member in keys.items():
            key = VerifyKey.from_hex(text)
            if any(s.keyid == key.id for s in envelope.signatures):
                act = api.open_act(envelope, key)
                if act.staff != member.id:
                    raise UntrustedError(f"{member.id} signed an act in the name of {act.staff}")
                box = self._box
                here = (box.centre, box.sitting, box.appliance, box.generation)
                there = (act.centre, act.sitting, act.appliance, act.generation)
                if there != here:
                    raise UntrustedError(f"the act is for {_place(there)}; this is {_place(here)}")
                return act
        raise UntrustedError("expected an act signed by a staff member of this sitting's bundle")

    # --- carrying out ------------------------------------------------------------------------

    async def _carry_out(self, asked: StaffAct, request: ActRequest) -> list[int]:
        act = asked.act
        match act:
            case api.OpenDoors(correction=correction):
                return await self._open_doors(correction, asked, request.act)
            case api.OpenPairing(seats=seats, replace=replace):
                self._pairing.open_window(
                    self._known_seats(seats),
                    by=asked.staff,
                    now=self._steady.steady_ms(),
                    replace=replace,
                )
                return []
            case api.ClosePairing():
                for window in self._pairing.windows(self._steady.steady_ms()):
                    self._pairing.close(window.id, by=asked.staff)
                return []
            case api.Unlock(subject=subject):
                self._check_current(subject)
                await self._release.unlock(subject, request.codes, asked.staff)
                return []
            case api.Arm() | api.Disarm():
                return await self._arm(act, asked, request.act)
            case api.CloseSubject(subject=subject):
                self._check_current(subject)
                closed = await self._closer.close(subject, asked.staff, request.act)
                return [closed.n]
            case api.LowerHand(candidate=candidate):
                self._seating(candidate).hand_text = None
                return []
            case _:
                return await self._about_candidates(act, asked, request.act)

    async def _open_doors(self, correction: int, asked: StaffAct, envelope: Envelope) -> list[int]:
        now = self._clock.now()
        last = max((decision.at for decision, _ in self._decider.made), default=0)
        self._clock.confirm(now + correction, not_before=last)
        await self._keep_anchor()
        self._hall.clock_confirmed_by = asked.staff
        await self._database.write(lambda c: records.put_fact(c, "clock_confirmed_by", asked.staff))
        return await self._all(d.DoorsOpened(correction=correction), asked, envelope)

    async def _arm(
        self, act: api.Arm | api.Disarm, asked: StaffAct, envelope: Envelope
    ) -> list[int]:
        self._check_current(act.subject)
        state = self._hall.subjects[act.subject]
        if state.released:
            raise NotPossibleError("the subject has begun; pause or extend it instead")
        if isinstance(act, api.Disarm):
            numbers = await self._all(d.Disarmed(), asked, envelope)
            state.armed_start = None
            return numbers
        if state.paper_key is None:
            raise _LockedError("the paper is still locked: enter the unlock code first")
        soonest = self._clock.now() + _SOONEST_START_MS
        planned = self._hall.subject(act.subject).opens
        start = max(act.start or planned, soonest)
        numbers = await self._all(d.Armed(start=start), asked, envelope)
        state.armed_start = start
        return numbers

    async def _about_candidates(self, act: Any, asked: StaffAct, envelope: Envelope) -> list[int]:
        what = self._what(act)
        if act.candidate is None:
            return await self._all(what, asked, envelope)
        seating = self._seating(act.candidate)
        if isinstance(act, api.Move):
            self._check_free(act.seat)
        decision = await self._decider.decide(
            what,
            seating.subject,
            [seating],
            scope=Scope.ONE,
            by=asked.staff,
            act=envelope,
        )
        return [decision.n]

    def _what(self, act: Any) -> What:  # noqa: C901 - one line an act
        match act:
            case api.DecideIdentity(accepted=accepted, reason=reason):
                distance = self._seating(act.candidate).distance
                return d.IdentityDecided(
                    method="person",
                    accepted=accepted,
                    withheld=False,
                    distance=distance,
                    reason=reason,
                )
            case api.Pause(reason=reason):
                return d.Paused(reason=reason)
            case api.Resume(reason=reason):
                return d.Resumed(reason=reason)
            case api.Extend(ms=ms, reason=reason):
                return d.TimeGiven(ms=ms, reason=reason)
            case api.Message(text=text, must_confirm=must_confirm):
                return d.Told(text=text, must_confirm=must_confirm)
            case api.Collect(reason=reason):
                return d.Collected(reason=reason)
            case api.Reopen(reason=reason):
                return d.Reopened(reason=reason)
            case api.Void(article=article, reason=reason):
                return d.Voided(article=article, reason=reason)
            case api.MarkAbsent(reason=reason):
                return d.AbsentMarked(reason=reason)
            case api.Move(seat=seat, reason=reason):
                epoch = self._seating(act.candidate).epoch + 1
                return d.Moved(seat=seat, epoch=epoch, reason=reason)
            case api.GrantLeave():
                minutes = self._hall.rules.away.minutes
                return d.LeaveGranted(back_by=self._clock.now() + minutes * 60_000)
            case api.EndLeave():
                return d.LeaveEnded()
            case _:
                raise MalformedError(f"no such act: {type(act).__name__}")

    async def _all(self, what: What, asked: StaffAct, envelope: Envelope) -> list[int]:
        subject = self._hall.current()
        if subject is None:
            raise NotPossibleError("every subject of this sitting is closed")
        decision = await self._decider.decide(
            what,
            subject.id,
            list(self._hall.seatings(subject.id)),
            scope=Scope.ALL,
            by=asked.staff,
            act=envelope,
        )
        return [decision.n]

    # --- looking up --------------------------------------------------------------------------

    def _check_current(self, subject: str) -> None:
        current = self._hall.current()
        if current is None or current.id != subject:
            there = "none" if current is None else current.id
            raise NotPossibleError(f"the subject whose turn it is: {there}; asked for: {subject}")

    def _seating(self, candidate: str) -> Seating:
        subject = self._hall.current()
        found = None if subject is None else self._hall.seating(candidate, subject.id)
        if found is None:
            raise _UnknownError(f"no candidate {candidate!r} in the present subject")
        return found

    def _known_seats(self, seats: Sequence[str]) -> Sequence[str]:
        unknown = [seat for seat in seats if seat not in self._hall.seats]
        if unknown:
            raise _UnknownError(f"no seat {', '.join(unknown)} in this sitting")
        return seats

    def _check_free(self, seat: str) -> None:
        self._known_seats([seat])
        subject = self._hall.current()
        there = None if subject is None else self._hall.at_seat(seat, subject.id)
        if there is not None and there.session.state not in {State.ABSENT, State.REFUSED}:
            raise NotPossibleError(f"seat {seat} belongs to {there.candidate.id}; choose another")


class _UnknownError(Exception):
    pass


class _LockedError(Exception):
    pass


def _place(place: tuple[str, str, str, int]) -> str:
    return "{}, {}, {} generation {}".format(*place)


def _refusal(error: Exception) -> ActRefused | None:
    """Return the refusal that an expected error means; None for what nobody expected."""
    match error:
        case WaitError(at=at):
            return ActRefused(code=ActRefusal.WAIT, text=str(error), at=at)
        case WrongCodeError() | CodeError():
            return ActRefused(code=ActRefusal.WRONG_CODE, text=str(error))
        case UntrustedError():
            return ActRefused(code=ActRefusal.UNTRUSTED, text=str(error))
        case _LockedError():
            return ActRefused(code=ActRefusal.LOCKED, text=str(error))
        case NotPossibleError() | OpenEndedError() | OverlapError() | ClockError():
            return ActRefused(code=ActRefusal.NOT_NOW, text=str(error))
        case _UnknownError():
            return ActRefused(code=ActRefusal.UNKNOWN, text=str(error))
        case ProtocolError() | IdentifierError():
            return ActRefused(code=ActRefusal.MALFORMED, text=str(error))
        case DiskError():
            return ActRefused(code=ActRefusal.DISK, text=str(error))
        case _:
            return None


def read_request(data: bytes) -> ActRequest:
    """Parse a request to act; raises `MalformedError`."""
    return decode(data, ActRequest)
