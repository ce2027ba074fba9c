"""The pairing desk: which seats may be paired now, by which code, and who tried.

Owns: the windows, the unfinished attempts and the count of wrong codes, all in memory.
What lasts (who is paired as which seat) belongs to core's database; it is given at the
start and comes back as events.

Rules:

1. One code opens a window for named seats, for some minutes. A seat waits in one window.
2. A wrong proof uses up its attempt and is counted; `pairing_limits` has the numbers.
3. A seat that is paired is not paired again to another machine, unless the window says
   ``replace``, and then once; the old certificates stand in the event as revoked.
4. The same machine (the same two keys) asking again gets the same certificates, so that a
   broken line between commit and reply costs nothing.
5. `decide` changes nothing that lasts: the caller makes the event durable, then calls
   `settle`, and only then may the reply leave. One finish at a time.

Time is passed in: milliseconds of a clock that never runs back (BOOTTIME).
"""

import secrets
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from appliance.core.pairing_limits import GuessLimiter, Limits
from exam.identifiers import Digest, Label, parse
from protocol.enrolment import CentreAuthority, Certificate, Issued, carries
from protocol.errors import MalformedError
from protocol.pairing import (
    DIGITS,
    ConfirmationError,
    Done,
    Finish,
    Offer,
    Refusal,
    Refused,
    SharedKeys,
    Start,
    answer,
    code_from,
)
from protocol.values import Value, encode, sha256_hex

DEFAULT_WINDOW_MS: Final = 30 * 60_000
"""One person walks a room of a hundred seats in less."""

_BUSY_MS: Final = 250


class Window(Value, frozen=True, kw_only=True):
    """A code and the seats that it is for. Shown on the console; never logged."""

    id: str
    code: str
    seats: frozenset[Label]
    done: frozenset[Label] = frozenset()
    """Those that were paired by it."""
    replace: bool
    until: int

    @property
    def waiting(self) -> frozenset[str]:
        """The seats still to be paired."""
        return self.seats - self.done

    def __repr__(self) -> str:
        return f"Window({self.id}, code hidden, {len(self.waiting)} of {len(self.seats)} waiting)"


class Enrolled(Value, frozen=True, kw_only=True):
    """A seat's machine on record, with certificates of the present CA."""

    seat: Label
    tls_certificate: Certificate
    seat_certificate: Certificate

    def digests(self) -> tuple[str, str]:
        """SHA-256 of each certificate, as revocations name them."""
        return sha256_hex(self.tls_certificate), sha256_hex(self.seat_certificate)


class WrongCode(Value, frozen=True, kw_only=True, tag=True):
    """Somebody did not know the code, or stood between: shown at once."""

    window: str
    seat: Label
    source: str
    of_this_source: int


class SeatPaired(Value, frozen=True, kw_only=True, tag=True):
    """A machine is this seat from now on."""

    window: str
    source: str
    enrolled: Enrolled
    revoked: tuple[Digest, ...]
    """The certificates of the machine whose place it takes."""


Event = WrongCode | SeatPaired


class OverlapError(ValueError):
    """A seat is in an open window already: two codes for one seat would hide a mistake."""


class Decision(NamedTuple):
    """What to answer and what has to be on record before that."""

    reply: Done | Refused
    event: SeatPaired | WrongCode | None = None


class Ticket(NamedTuple):
    """Leave to make an offer: the slow sum of it may be done on another thread."""

    id: str
    start: Start
    code: str
    server_digest: bytes

    def offer(self) -> tuple[Offer, SharedKeys]:
        """Do the sum, 10-15 ms; raises `MalformedError` on a share that is none."""
        share, keys = answer(start=self.start, code=self.code, server_digest=self.server_digest)
        return Offer(attempt=self.id, share=share), keys


class _Attempt(msgspec.Struct, kw_only=True):
    seat: str
    window: str
    source: str
    until: int
    keys: SharedKeys | None = None
    served: tuple[Finish, Done] | None = None


class PairingDesk:
    """The decisions; see the rules of the module."""

    def __init__(
        self,
        *,
        authority: CentreAuthority,
        enrolled: Iterable[Enrolled] = (),
        limits: Limits | None = None,
    ) -> None:
        self._authority = authority
        self._limits = limits or Limits()
        self._limiter = GuessLimiter(self._limits)
        self._enrolled = {found.seat: found for found in enrolled}
        self._windows: dict[str, Window] = {}
        self._attempts: dict[str, _Attempt] = {}

    # ---- the console's side --------------------------------------------------------

    def windows(self, now: int) -> tuple[Window, ...]:
        """Return the windows that are open, oldest first."""
        return tuple(window for window in self._windows.values() if now < window.until)

    def paired(self) -> frozenset[str]:
        """Return the seats that have a machine on record."""
        return frozenset(self._enrolled)

    def open_window(
        self,
        seats: Iterable[str],
        *,
        now: int,
        lasts_ms: int = DEFAULT_WINDOW_MS,
        replace: bool = False,
    ) -> Window:
        """Give out a code for these seats (of the roster: the caller has looked).

        Raises `OverlapError` if one is in an open window, `IdentifierError` on a bad name.
        """
        wanted = frozenset(parse("seat", seat) for seat in seats)
        offered = frozenset[str]().union(*(window.waiting for window in self.windows(now)))
        if not wanted or wanted & offered:
            raise OverlapError(
                "expected seats that no open code is for; "
                f"got {', '.join(sorted(wanted & offered)) or 'none at all'}: "
                "close the other code"
            )
        window = Window(
            id=secrets.token_hex(8),
            code=code_from(secrets.randbelow(10**DIGITS)),
            seats=wanted,
            replace=replace,
            until=now + lasts_ms,
        )
        self._windows[window.id] = window
        return window

    def close(self, window_id: str) -> None:
        """Take a code back. Attempts under it end too."""
        del self._windows[window_id]

    # ---- the seat's side -----------------------------------------------------------

    def admit(
        self, start: Start, *, source: str, server_digest: bytes, now: int
    ) -> Ticket | Refused:
        """Let a seat begin an attempt, or say why not; `register` what comes of it."""
        self._drop_old_attempts(now)
        window = self._window_of(start.seat, now)
        if window is None:
            return Refused(reason=Refusal.NO_WINDOW)
        wait = self._limiter.wait_ms(source, now) or self._wait_for_room(source, now)
        if wait:
            return Refused(reason=Refusal.SLOW_DOWN, retry_after_ms=wait)
        attempt = secrets.token_hex(16)
        self._attempts[attempt] = _Attempt(
            seat=start.seat,
            window=window.id,
            source=source,
            until=now + self._limits.attempt_lives_ms,
        )
        return Ticket(attempt, start, window.code, server_digest)

    def register(self, ticket: Ticket, keys: SharedKeys | None) -> None:
        """Keep the keys of an offer for its finish; None gives the place back."""
        if keys is None:
            self._attempts.pop(ticket.id, None)
        elif (attempt := self._attempts.get(ticket.id)) is not None:
            attempt.keys = keys

    def decide(self, finish: Finish, *, source: str, now: int) -> Decision:
        """Judge a seat's proof. Nothing lasting has changed until `settle`.

        1. The attempt is alive, of this source, and its window still open for the seat.
        2. What was answered is answered again, to the same bytes only.
        3. The limits let this source try.
        4. The proof is right: else it is counted and the attempt is used up.
        5. The requests are sound, and the seat is free, replaced, or this very machine's.
        """
        self._drop_old_attempts(now)
        attempt = self._attempts.get(finish.attempt)
        if attempt is None or attempt.keys is None or attempt.source != source:
            return _refused(Refusal.EXPIRED)
        if attempt.served is not None:
            same = attempt.served[0] == finish
            return Decision(attempt.served[1]) if same else _refused(Refusal.EXPIRED)
        window = self._windows.get(attempt.window)
        if window is None or now >= window.until:
            return _refused(Refusal.NO_WINDOW)
        wait = self._limiter.wait_ms(source, now)
        if wait:
            return Decision(Refused(reason=Refusal.SLOW_DOWN, retry_after_ms=wait))
        try:
            attempt.keys.check_seat(finish)
        except ConfirmationError:
            return self._wrong(finish.attempt, attempt, now)
        return self._right(finish, attempt, attempt.keys, window)

    def settle(self, finish: Finish, decision: Decision) -> None:
        """Take over what has been made durable."""
        attempt = self._attempts.get(finish.attempt)
        if attempt is None or isinstance(decision.reply, Refused):
            return
        if isinstance(decision.event, SeatPaired):
            self._enrolled[attempt.seat] = decision.event.enrolled
        attempt.served = (finish, decision.reply)
        window = self._windows.get(attempt.window)
        if window is not None:
            done = window.done | {attempt.seat}
            self._windows[window.id] = msgspec.structs.replace(window, done=done)

    # ---- inside --------------------------------------------------------------------

    def _window_of(self, seat: str, now: int) -> Window | None:
        mine = [window for window in self.windows(now) if seat in window.seats]
        waiting = [window for window in mine if seat in window.waiting]
        return next(iter([*waiting, *reversed(mine)]), None)

    def _drop_old_attempts(self, now: int) -> None:
        for attempt in [key for key, found in self._attempts.items() if now >= found.until]:
            del self._attempts[attempt]

    def _wait_for_room(self, source: str, now: int) -> int:
        unfinished = [found for found in self._attempts.values() if found.served is None]
        mine = sum(found.source == source for found in unfinished)
        if mine < self._limits.attempts_per_source and len(unfinished) < self._limits.attempts:
            return 0
        return min(_BUSY_MS, min(found.until for found in unfinished) - now)

    def _wrong(self, attempt_id: str, attempt: _Attempt, now: int) -> Decision:
        del self._attempts[attempt_id]
        count = self._limiter.wrong(attempt.source, now)
        event = WrongCode(
            window=attempt.window,
            seat=attempt.seat,
            source=attempt.source,
            of_this_source=count,
        )
        wait = self._limiter.wait_ms(attempt.source, now)
        return Decision(Refused(reason=Refusal.WRONG_CODE, retry_after_ms=wait), event)

    def _right(
        self, finish: Finish, attempt: _Attempt, keys: SharedKeys, window: Window
    ) -> Decision:
        try:
            fresh = self._authority.issue(
                seat=attempt.seat,
                tls_request=finish.tls_request,
                seat_request=finish.seat_request,
            )
        except MalformedError:
            return _refused(Refusal.BAD_REQUEST)
        old = self._enrolled.get(attempt.seat)
        if old is not None and _same_machine(old, finish):
            again = self._authority.issued(
                seat=attempt.seat,
                tls_certificate=old.tls_certificate,
                seat_certificate=old.seat_certificate,
            )
            return Decision(_done(finish, keys, again))
        if old is not None and not (window.replace and attempt.seat in window.waiting):
            return _refused(Refusal.TAKEN)
        enrolled = Enrolled(
            seat=attempt.seat,
            tls_certificate=fresh.tls_certificate,
            seat_certificate=fresh.seat_certificate,
        )
        event = SeatPaired(
            window=window.id,
            source=attempt.source,
            enrolled=enrolled,
            revoked=old.digests() if old is not None else (),
        )
        return Decision(_done(finish, keys, fresh), event)


def _same_machine(old: Enrolled, finish: Finish) -> bool:
    return carries(old.tls_certificate, finish.tls_request) and carries(
        old.seat_certificate, finish.seat_request
    )


def _done(finish: Finish, keys: SharedKeys, issued: Issued) -> Done:
    data = encode(issued)
    proof = keys.box_confirmation(finish.tls_request, finish.seat_request, data)
    return Done(issued=data, confirmation=proof)


def _refused(reason: Refusal) -> Decision:
    return Decision(Refused(reason=reason))
