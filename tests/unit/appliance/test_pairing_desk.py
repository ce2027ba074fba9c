"""The desk: windows, attempts, doubles and replacements, without any network."""

import hashlib

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from appliance.core.pairing import (
    Decision,
    Enrolled,
    OverlapError,
    PairingDesk,
    SeatPaired,
    Ticket,
    WrongCode,
)
from appliance.core.pairing_limits import Limits
from exam.identifiers import IdentifierError
from protocol.enrolment import Issued, check_issued, make_request
from protocol.pairing import Done, Finish, Refusal, Refused, SeatSide, SharedKeys, Start
from protocol.values import decode
from tests.authority import make_authority

SERVER = hashlib.sha256(b"certificate of the box").digest()
AUTHORITY = make_authority()


class Machine:
    """A machine that is paired by hand, one step at a time."""

    def __init__(self, seat: str, source: str = "10.77.0.2") -> None:
        self.seat = seat
        self.source = source
        self.tls = ec.generate_private_key(ec.SECP256R1())
        self.signer = ed25519.Ed25519PrivateKey.generate()

    def start(self, desk: PairingDesk, code: str, now: int) -> Finish | Refused:
        side = SeatSide(seat=self.seat, code=code)
        ticket = desk.admit(
            Start(seat=self.seat, share=side.share),
            source=self.source,
            server_digest=SERVER,
            now=now,
        )
        if isinstance(ticket, Refused):
            return ticket
        offer, keys = ticket.offer()
        desk.register(ticket, keys)
        return self.prove(offer.attempt, side.finish(offer.share, SERVER))

    def prove(self, attempt: str, keys: SharedKeys) -> Finish:
        requests = make_request(self.tls, self.seat), make_request(self.signer, self.seat)
        return Finish(
            attempt=attempt,
            tls_request=requests[0],
            seat_request=requests[1],
            confirmation=keys.seat_confirmation(*requests),
        )

    def pair(self, desk: PairingDesk, code: str, now: int = 0) -> Decision:
        finish = self.start(desk, code, now)
        if isinstance(finish, Refused):
            return Decision(finish)
        decision = desk.decide(finish, source=self.source, now=now)
        desk.settle(finish, decision)
        return decision


def new_desk(*enrolled: Enrolled, limits: Limits | None = None) -> PairingDesk:
    return PairingDesk(authority=AUTHORITY, enrolled=enrolled, limits=limits)


def reason(decision: Decision) -> Refusal:
    assert isinstance(decision.reply, Refused), decision
    return decision.reply.reason


def paired(decision: Decision) -> SeatPaired:
    assert isinstance(decision.event, SeatPaired), decision
    return decision.event


def wrong(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 10**9:09d}"


def test_a_seat_of_the_window_is_paired() -> None:
    """Who knows the code is issued certificates for its own keys, and is on record."""
    desk = new_desk()
    window = desk.open_window(["a-01", "a-02"], now=0)
    assert window.seats == {"a-01", "a-02"}
    machine = Machine("a-01")
    decision = machine.pair(desk, window.code)
    assert isinstance(decision.reply, Done)
    issued = decode(decision.reply.issued, Issued)
    check_issued(
        issued, seat="a-01", tls=machine.tls.public_key(), signer=machine.signer.public_key()
    )
    assert paired(decision).enrolled.tls_certificate == issued.tls_certificate
    assert paired(decision).revoked == ()
    assert desk.paired() == {"a-01"}
    assert desk.windows(0)[0].waiting == {"a-02"}


def test_a_seat_outside_the_window_is_refused() -> None:
    """A code is for the seats that it names."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    assert reason(Machine("a-02").pair(desk, window.code)) is Refusal.NO_WINDOW


def test_a_closed_or_outlived_window_is_no_window() -> None:
    """After its time, and after it was taken back, a code is worth nothing."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0, lasts_ms=1000)
    assert reason(Machine("a-01").pair(desk, window.code, now=1000)) is Refusal.NO_WINDOW
    window = desk.open_window(["a-01"], now=1000)
    finish = Machine("a-01").start(desk, window.code, 1000)
    assert isinstance(finish, Finish)
    desk.close(window.id)
    assert reason(desk.decide(finish, source="10.77.0.2", now=1001)) is Refusal.NO_WINDOW


def test_a_wrong_code_is_counted_and_shown() -> None:
    """The event names seat, source and count; the reply how long to wait."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    decision = machine.pair(desk, wrong(window.code))
    assert decision.reply == Refused(reason=Refusal.WRONG_CODE, retry_after_ms=1000)
    assert decision.event == WrongCode(
        window=window.id, seat="a-01", source="10.77.0.2", of_this_source=1
    )
    assert reason(machine.pair(desk, window.code, now=999)) is Refusal.SLOW_DOWN
    assert paired(machine.pair(desk, window.code, now=1000)).enrolled.seat == "a-01"


def test_a_wrong_proof_uses_its_attempt_up() -> None:
    """One attempt is one guess: a second proof on it is not looked at."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    finish = machine.start(desk, window.code, 0)
    assert isinstance(finish, Finish)
    guess = msgspec.structs.replace(finish, confirmation=bytes(32))
    assert reason(desk.decide(guess, source=machine.source, now=0)) is Refusal.WRONG_CODE
    assert reason(desk.decide(finish, source=machine.source, now=5000)) is Refusal.EXPIRED


def test_twenty_wrong_codes_a_minute_over_all_sources() -> None:
    """The 21st guess in a minute is not looked at, whoever makes it; later it is."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    for number in range(20):
        guesser = Machine("a-01", source=f"10.77.1.{number}")
        assert reason(guesser.pair(desk, wrong(window.code), now=number)) is Refusal.WRONG_CODE
    late = Machine("a-01", source="10.77.2.1")
    assert reason(late.pair(desk, window.code, now=100)) is Refusal.SLOW_DOWN
    assert paired(late.pair(desk, window.code, now=60_000))


def test_attempts_begun_together_do_not_pass_the_limit() -> None:
    """Many attempts opened first and proved afterwards are limited all the same."""
    desk = new_desk(limits=Limits(attempts_per_source=8))
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    begun = [machine.start(desk, wrong(window.code), 0) for _ in range(8)]
    assert reason(Decision(machine.start(desk, window.code, 0))) is Refusal.SLOW_DOWN  # type: ignore[arg-type]
    said = []
    for finish in begun:
        assert isinstance(finish, Finish)
        said.append(reason(desk.decide(finish, source=machine.source, now=0)))
    assert said == [Refusal.WRONG_CODE] + [Refusal.SLOW_DOWN] * 7


def test_unfinished_attempts_are_bounded_and_end() -> None:
    """The table of attempts cannot be filled for longer than an attempt lives."""
    desk = new_desk(limits=Limits(attempts=3, attempts_per_source=2))
    window = desk.open_window(["a-01"], now=0)
    for source in ("one", "one", "two"):
        assert isinstance(Machine("a-01", source).start(desk, window.code, 0), Finish)
    refused = Machine("a-01", "three").start(desk, window.code, 0)
    assert refused == Refused(reason=Refusal.SLOW_DOWN, retry_after_ms=250)
    assert isinstance(Machine("a-01", "three").start(desk, window.code, 60_000), Finish)


def test_finished_attempts_take_no_place() -> None:
    """A hundred seats behind one address are paired one after the other without waiting."""
    desk = new_desk(limits=Limits(attempts_per_source=1))
    seats = [f"a-{number:02d}" for number in range(12)]
    window = desk.open_window(seats, now=0)
    for seat in seats:
        paired(Machine(seat).pair(desk, window.code))
    assert desk.paired() == frozenset(seats)
    assert desk.windows(0)[0].waiting == frozenset()


def test_the_same_finish_gets_the_same_reply() -> None:
    """A reply lost on the line is given again, to the same bytes, and issues nothing new."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    finish = machine.start(desk, window.code, 0)
    assert isinstance(finish, Finish)
    first = desk.decide(finish, source=machine.source, now=0)
    desk.settle(finish, first)
    again = desk.decide(finish, source=machine.source, now=1)
    assert again == Decision(first.reply, None)
    other = msgspec.structs.replace(finish, tls_request=b"other")
    assert reason(desk.decide(other, source=machine.source, now=1)) is Refusal.EXPIRED


def test_a_finish_of_another_attempt_is_no_proof() -> None:
    """What was overheard of one attempt is worth nothing in the next: a replay is wrong."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    heard, fresh = (machine.start(desk, window.code, 0) for _ in range(2))
    assert isinstance(heard, Finish)
    assert isinstance(fresh, Finish)
    replay = msgspec.structs.replace(heard, attempt=fresh.attempt)
    assert reason(desk.decide(replay, source=machine.source, now=0)) is Refusal.WRONG_CODE


def test_an_attempt_belongs_to_its_source() -> None:
    """Another address cannot finish, nor use up, somebody's attempt."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    finish = machine.start(desk, window.code, 0)
    assert isinstance(finish, Finish)
    assert reason(desk.decide(finish, source="10.9.9.9", now=0)) is Refusal.EXPIRED
    assert paired(desk.decide(finish, source=machine.source, now=0))


def test_nothing_lasts_before_it_is_settled() -> None:
    """When the record could not be written, the same finish is decided anew."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    finish = machine.start(desk, window.code, 0)
    assert isinstance(finish, Finish)
    assert paired(desk.decide(finish, source=machine.source, now=0))
    assert desk.paired() == frozenset()
    assert paired(desk.decide(finish, source=machine.source, now=1))


def test_two_machines_for_one_seat() -> None:
    """The second machine with the same label is refused: the first keeps the seat."""
    desk = new_desk()
    window = desk.open_window(["a-01", "a-02"], now=0)
    paired(Machine("a-01", "one").pair(desk, window.code))
    assert reason(Machine("a-01", "two").pair(desk, window.code)) is Refusal.TAKEN
    assert desk.paired() == {"a-01"}


def test_the_same_machine_may_ask_again() -> None:
    """The same keys get the same certificates, and no second record."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    machine = Machine("a-01")
    first, again = machine.pair(desk, window.code), machine.pair(desk, window.code)
    assert isinstance(first.reply, Done)
    assert isinstance(again.reply, Done)
    assert again.reply.issued == first.reply.issued
    assert again.event is None


def test_a_replacement_revokes_the_old_machine() -> None:
    """A window for replacing takes one new machine a seat, and names what it revokes."""
    first = new_desk()
    window = first.open_window(["a-01"], now=0)
    old = paired(Machine("a-01").pair(first, window.code)).enrolled
    desk = new_desk(old)
    plain = desk.open_window(["a-01"], now=0)
    assert reason(Machine("a-01").pair(desk, plain.code)) is Refusal.TAKEN
    desk.close(plain.id)
    window = desk.open_window(["a-01"], now=0, replace=True)
    event = paired(Machine("a-01").pair(desk, window.code))
    assert event.revoked == old.digests()
    assert event.revoked[0] == hashlib.sha256(old.tls_certificate).hexdigest()
    assert reason(Machine("a-01").pair(desk, window.code)) is Refusal.TAKEN


def test_a_seat_waits_in_one_window_only() -> None:
    """Two codes for one seat, no seats, and names that are none are refused."""
    desk = new_desk()
    desk.open_window(["a-01", "a-02"], now=0)
    with pytest.raises(OverlapError, match="got a-02: close the other"):
        desk.open_window(["a-02", "a-03"], now=0)
    with pytest.raises(OverlapError, match="got none at all"):
        desk.open_window([], now=0)
    with pytest.raises(IdentifierError):
        desk.open_window(["A 3"], now=0)


def test_a_request_that_is_none_is_refused_though_the_code_is_right() -> None:
    """The code opens the desk, not the authority: an unsound request gets no certificate."""
    desk = new_desk()
    window = desk.open_window(["a-01"], now=0)
    side = SeatSide(seat="a-01", code=window.code)
    ticket = desk.admit(
        Start(seat="a-01", share=side.share), source="one", server_digest=SERVER, now=0
    )
    assert isinstance(ticket, Ticket)
    offer, keys = ticket.offer()
    desk.register(ticket, keys)
    shared = side.finish(offer.share, SERVER)
    finish = Finish(
        attempt=offer.attempt,
        tls_request=b"nonsense",
        seat_request=b"nonsense",
        confirmation=shared.seat_confirmation(b"nonsense", b"nonsense"),
    )
    assert reason(desk.decide(finish, source="one", now=0)) is Refusal.BAD_REQUEST
    assert desk.paired() == frozenset()


def test_a_window_does_not_print_its_code() -> None:
    """A window in a log shows no code."""
    window = new_desk().open_window(["a-01"], now=0)
    assert window.code not in repr(window)
