"""What staff may ask for, and what is done about it.

The steps of `Acts.perform`:

1. The act is signed by a staff member of the bundle, for this box and this sitting.
2. An act that was replied to before, or whose decision is on record (core fell before its
   reply), is answered from the record, and nothing is done twice.
3. It is of now, the role of who asks reaches, and a grave one is signed by two people
   (`appliance.core.permission`).
4. It is carried out by the part of core that it concerns; a decision names the act.
5. The reply is kept with the act's nonce.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from appliance.core import messages as m
from appliance.core import permission, records
from appliance.core.box import Box
from appliance.core.closing import Closer
from appliance.core.decisions import Also, Decider, Write
from appliance.core.hall import Hall, Seating
from appliance.core.pairing import OverlapError, PairingDesk
from appliance.core.refusals import (
    NotPossibleError,
    RefusedError,
)
from appliance.core.release import Release
from exam import times
from exam.identifiers import IdentifierError
from exam.rulebook import GraveAct
from exam.session import State
from protocol import decisions as d
from protocol import staff_api as api
from protocol.decisions import Scope, What
from protocol.envelope import Envelope
from protocol.errors import MalformedError, ProtocolError
from protocol.permitted import grave_act
from protocol.staff_api import ActDone, ActRefusal, ActReply, ActRequest, StaffAct
from protocol.values import decode, encode
from runtime.clock import Anchor, HallClock, SteadyClock
from runtime.database import Database
from runtime.errors import ClockError, DatabaseError, DiskError
from runtime.facts import put_fact

_log = logging.getLogger(__name__)

_SOONEST_START_MS: Final = 3_000
"""Seats must hear of the start before it comes."""

_TO_CONFIRM_MS: Final = 60_000
"""A start chosen in the console may have passed while its question was read: it comes at once."""


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
                return await self._performed(request)
            except RefusedError as error:
                return error.reply()
            except (ProtocolError, IdentifierError) as error:
                return RefusedError(ActRefusal.MALFORMED, m.MALFORMED, detail=error).reply()
            except DiskError as error:
                _log.error("an act could not be kept: %s", error)
                return RefusedError(ActRefusal.DISK, m.DISK, detail=error).reply()

    async def _performed(self, request: ActRequest) -> ActReply:
        # 1
        asked, signers = permission.signed_act(request.act, self._hall.manifest.staff, self._box)
        # 2
        before = await self._database.read(lambda c: records.reply_to(c, asked.nonce))
        if before is not None:
            return api.decode_act_reply(before)
        numbers = self._decided_before(request.act)
        if not numbers:
            # 3
            permission.check_time(asked, self._clock.now())
            far = self._sets_clock_far(asked.act, self._clock.now())
            grave = grave_act(asked.act, sets_clock_far=far)
            permission.check_people(signers, self._hall.rules.staff, grave)
            # 4
            numbers = await self._carry_out(asked, request)
        reply: ActReply = ActDone(decisions=tuple(numbers))
        # 5
        data = encode(reply)
        await self._database.write(lambda c: records.put_reply(c, asked.nonce, data))
        return reply

    def _decided_before(self, envelope: Envelope) -> list[int]:
        """Return the decisions that this very act has led to."""
        return [made.n for made, _ in self._decider.made if made.act == envelope.digest]

    # --- carrying out ------------------------------------------------------------------------

    async def _carry_out(self, asked: StaffAct, request: ActRequest) -> list[int]:
        act = asked.act
        match act:
            case api.OpenDoors(correction=correction):
                return await self._open_doors(correction, asked, request.act)
            case api.OpenPairing(seats=seats, replace=replace):
                return self._open_pairing(seats, replace=replace)
            case api.ClosePairing():
                for window in self._pairing.windows(self._steady.steady_ms()):
                    self._pairing.close(window.id)
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
                await self._lower_hand(self._seating(candidate))
                return []
            case api.NoteStray(candidate=candidate):
                await self._note_stray(self._seating(candidate))
                return []
            case _:
                return await self._about_candidates(act, asked, request.act)

    async def _lower_hand(self, seating: Seating) -> None:
        """Note that this raising of the hand was followed up: it does not come back."""
        name, since = records.hand_fact(seating.id or ""), str(seating.hand_since)
        await self._database.write(lambda c: put_fact(c, name, since))
        if str(seating.hand_since) == since:  # not raised again meanwhile
            seating.hand_text = None

    async def _note_stray(self, seating: Seating) -> None:
        """Note that staff have seen what an old seat had; what turns up later is shown again."""
        async with seating.writing:
            await self._database.write(lambda c: records.note_strays(c, seating.id or ""))
            seating.stray_since = 0

    def _open_pairing(self, seats: Sequence[str], *, replace: bool) -> list[int]:
        now = self._steady.steady_ms()
        try:
            self._pairing.open_window(self._known_seats(seats), now=now, replace=replace)
        except OverlapError:
            waiting = {seat for window in self._pairing.windows(now) for seat in window.waiting}
            if not seats:
                raise NotPossibleError(m.NO_SEATS) from None
            labels = ", ".join(sorted(self._hall.seats[seat].label for seat in waiting))
            raise NotPossibleError(m.WINDOW_OPEN, seats=labels) from None
        return []

    # --- the clock ---------------------------------------------------------------------------

    def _sets_clock_far(self, act: object, now: int) -> bool:
        """Say whether doors are opened with a time that two people should have looked at.

        Back before a decision on record; or past the log-in while somebody is still expected,
        who would be absent at once.
        """
        if not isinstance(act, api.OpenDoors) or not act.correction:
            return False
        new, subject = now + act.correction, self._hall.current()
        if new < self._last_decision() or subject is None:
            return new < self._last_decision()
        armed = self._hall.subjects[subject.id].armed_start
        too_late = isinstance(times.doors(self._hall.rules, subject, armed, new), times.TooLate)
        expected = any(s.session.state is State.EXPECTED for s in self._hall.seatings(subject.id))
        return too_late and expected

    def _last_decision(self) -> int:
        return max((decision.at for decision, _ in self._decider.made), default=0)

    async def _open_doors(self, correction: int, asked: StaffAct, envelope: Envelope) -> list[int]:
        """Decide first: decision and anchor are one transaction, then the clock goes by it.

        Before the start hall time may go back before the record: a wrong correction can be
        taken back. After it times of entry bind.
        """
        planned: list[Anchor] = []

        def also(at: int) -> Write:
            # The moment that stands on record: something may have been decided since.
            if self._sets_clock_far(asked.act, at):
                _, signers = permission.signed_act(envelope, self._hall.manifest.staff, self._box)
                permission.check_people(signers, self._hall.rules.staff, GraveAct.CLOCK)
            planned.append(self._planned(at + correction))
            anchor = encode(planned[0]).decode()

            def write(connection: records.Connection) -> None:
                put_fact(connection, "anchor", anchor)
                put_fact(connection, "last_ms", str(at + correction))
                put_fact(connection, "clock_confirmed_by", asked.staff)

            return write

        numbers = await self._all(d.DoorsOpened(correction=correction), asked, envelope, also)
        self._clock.adopt(planned[0])
        self._hall.clock_confirmed_by = asked.staff
        try:  # a round may have kept the clock of before in the meantime
            await self._keep_anchor()
        except (DiskError, DatabaseError):
            _log.exception("the clock is kept at the next round")
        return numbers

    def _planned(self, hall_ms: int) -> Anchor:
        began = any(state.released for state in self._hall.subjects.values())
        last = self._last_decision() if began else 0
        try:
            return self._clock.planned(hall_ms, not_before=last)
        except ClockError:
            raise NotPossibleError(
                m.CLOCK_BACK, last=self._shown(last), got=self._shown(hall_ms)
            ) from None

    def _shown(self, at: int) -> str:
        zone = ZoneInfo(self._hall.sitting.time_zone)
        return dt.datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")

    # --- the start ---------------------------------------------------------------------------

    async def _arm(
        self, act: api.Arm | api.Disarm, asked: StaffAct, envelope: Envelope
    ) -> list[int]:
        self._check_current(act.subject)
        state = self._hall.subjects[act.subject]
        if state.released:
            raise NotPossibleError(m.BEGUN)
        if isinstance(act, api.Disarm):
            numbers = await self._all(d.Disarmed(), asked, envelope)
            state.armed_start = None
            return numbers
        if state.paper_key is None:
            raise RefusedError(ActRefusal.LOCKED, m.LOCKED)
        now = self._clock.now()
        self._check_to_come(act.start, now)
        planned = self._hall.subject(act.subject).opens
        start = max(act.start or planned, now + _SOONEST_START_MS)
        numbers = await self._all(d.Armed(start=start), asked, envelope)
        state.armed_start = start
        return numbers

    def _check_to_come(self, start: int, now: int) -> None:
        """Refuse a start that was meant for a moment gone by: it would come at once."""
        if start not in {0, api.AT_ONCE} and start < now - _TO_CONFIRM_MS:
            minutes = (now - start) // 60_000
            raise NotPossibleError(m.START_PAST, start=self._shown(start), minutes=minutes)

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

    async def _all(
        self, what: What, asked: StaffAct, envelope: Envelope, also: Also | None = None
    ) -> list[int]:
        subject = self._hall.current()
        if subject is None:
            raise NotPossibleError(m.ALL_CLOSED)
        decision = await self._decider.decide(
            what,
            subject.id,
            list(self._hall.seatings(subject.id)),
            scope=Scope.ALL,
            by=asked.staff,
            act=envelope,
            also=also,
        )
        return [decision.n]

    # --- looking up --------------------------------------------------------------------------

    def _check_current(self, subject: str) -> None:
        current = self._hall.current()
        if current is None or current.id != subject:
            turn = "-" if current is None else current.id
            raise NotPossibleError(m.NOT_ITS_TURN, turn=turn, asked=subject)

    def _seating(self, candidate: str) -> Seating:
        subject = self._hall.current()
        found = None if subject is None else self._hall.seating(candidate, subject.id)
        if found is None:
            raise RefusedError(ActRefusal.UNKNOWN, m.NO_CANDIDATE, candidate=candidate)
        return found

    def _known_seats(self, seats: Sequence[str]) -> Sequence[str]:
        unknown = [seat for seat in seats if seat not in self._hall.seats]
        if unknown:
            raise RefusedError(ActRefusal.UNKNOWN, m.NO_SEAT, seats=list(unknown))
        return seats

    def _check_free(self, seat: str) -> None:
        self._known_seats([seat])
        subject = self._hall.current()
        there = None if subject is None else self._hall.at_seat(seat, subject.id)
        if there is not None and there.session.state not in {State.ABSENT, State.REFUSED}:
            raise NotPossibleError(m.SEAT_TAKEN, seat=seat, name=there.candidate.name)


def read_request(data: bytes) -> ActRequest:
    """Parse a request to act; raises `MalformedError`."""
    return decode(data, ActRequest)
