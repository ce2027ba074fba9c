"""A candidate who has opened the machine: the seat's keys and the session key are theirs."""

from pathlib import Path
from typing import Any

from exam.session import State
from protocol import seat_api, staff_api
from protocol.decisions import Decision, Scope, TimeGiven, Told, open_decision, sign_decision
from protocol.journal import Answered, DecisionReceived, Entered, HandedIn, RulesRead
from protocol.receipt import Receipt, open_receipt
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused
from protocol.values import encode
from tests.attacked_hall import AttackedHall, RogueSeat, attacked_hall

READ = (RulesRead, {"rules": "0" * 64})
ENTERED = (Entered, {"paper": "0" * 64})
FAR = 2**50
HANDED_IN = (
    HandedIn,
    {"automatic": False, "provisional": False, "answered": 900, "marked": 900, "unanswered": 0},
)


async def seated(hall: AttackedHall, seat: RogueSeat, person: int = 0) -> None:
    """Log in, and be let in by the machine's word that a person will look."""
    assert isinstance(await seat.log_in(person), seat_api.LoggedIn)
    await hall.until_state(seat.identity.seat, State.IDENTIFIED)


def answer(item: str = "q1") -> tuple[type[Any], dict[str, Any]]:
    """Return an answer to whatever item."""
    return (Answered, {"item": item, "response": {"type": "chosen", "options": ["a"]}})


async def hello(seat: RogueSeat) -> Any:
    """Open a link and say hello."""
    link = await seat.http.ws_connect(seat_api.LINK)
    said = seat_api.Hello(
        agent="x", boot="0" * 32, sessions=(), decisions_seen=0, generation=0, checkpoints=()
    )
    await link.send_str(encode(said).decode())
    return link


async def next_said(link: Any, kind: type[Any]) -> Any:
    """Return the next message of this kind that the hall says."""
    while True:
        said = seat_api.decode_hall_says((await link.receive(timeout=10)).data.encode())
        if isinstance(said, kind):
            return said


async def test_who_says_entered_before_the_start_has_not_entered(tmp_path: Path) -> None:
    """The event is kept as it was signed; the session stays where it is."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as seat:
        await seated(hall, seat)
        assert isinstance(await seat.write(READ, ENTERED, HANDED_IN), Acknowledged)
        occupant = await hall.occupant("a01")
        assert (occupant.state, occupant.acknowledged) == (State.WAITING, 3)


async def test_nobody_gains_time_by_a_false_clock(tmp_path: Path) -> None:
    """Who claims to have entered in the far future has no later end than one who did not."""
    async with (
        attacked_hall(tmp_path) as hall,
        hall.seat("a01") as liar,
        hall.seat("a02") as honest,
    ):
        await seated(hall, liar, 0)
        await seated(hall, honest, 1)
        await hall.begin()
        await liar.write(READ, ENTERED, hall=FAR)
        await honest.write(READ, ENTERED)
        ends = [(await hall.occupant(seat)).own_end for seat in ("a01", "a02")]
        assert ends[0] is not None
        assert ends[1] is not None
        assert ends[0] <= ends[1]


async def test_the_receipt_counts_what_the_box_holds(tmp_path: Path) -> None:
    """Nine hundred answers that were never given do not stand on the candidate's receipt."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as seat:
        await seated(hall, seat)
        await hall.begin()
        link = await hello(seat)
        await seat.write(READ, ENTERED, answer("no-such-item"), HANDED_IN)
        said = await next_said(link, seat_api.ReceiptSaid)
        receipt: Receipt = open_receipt(said.receipt, hall.box_key, hall.log_key)
        items = len(hall.office.manifest.papers[0].outline)
        assert (receipt.answered, receipt.unanswered) == (0, items)
        assert receipt.marked <= items


async def test_a_forged_decision_decides_nothing(tmp_path: Path) -> None:
    """An hour that the seat gave itself is in its journal, and nowhere else."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as seat:
        await seated(hall, seat)
        await hall.begin()
        await seat.write(READ, ENTERED)
        before = await hall.occupant("a01")
        assert seat.grant is not None
        forged = Decision(
            appliance="main",
            generation=1,
            n=99,
            sitting=seat.grant.sitting,
            subject="theory",
            scope=Scope.ONE,
            candidate=seat.grant.candidate,
            session=seat.grant.session,
            at=hall.now(),
            by="wang-fang",
            act="0" * 64,
            what=TimeGiven(ms=3_600_000, reason="mine"),
        )
        await seat.write((DecisionReceived, {"decision": sign_decision(forged, seat.key)}))
        after = await hall.occupant("a01")
        assert (after.own_end, after.given_ms) == (before.own_end, 0)


async def test_one_seat_cannot_write_as_another(tmp_path: Path) -> None:
    """Another seat's session, even with its key, is refused at this seat's certificate."""
    async with (
        attacked_hall(tmp_path) as hall,
        hall.seat("a01") as victim,
        hall.seat("a02") as thief,
    ):
        await seated(hall, victim)
        stolen = victim.batch(READ, answer())
        refused = await thief.send(stolen)
        assert isinstance(refused, BatchRefused)
        assert refused.code is BatchRefusal.UNTRUSTED
        elsewhere = await thief.log_in(0)
        assert isinstance(elsewhere, seat_api.LoginRefused)
        assert isinstance(await victim.send(stolen), Acknowledged)


async def test_a_batch_sent_again_adds_nothing_and_another_history_is_a_fork(
    tmp_path: Path,
) -> None:
    """Replays are acknowledged at the same place; a rewritten answer under a used number is not."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as seat:
        await seated(hall, seat)
        start, batch = (seat.link, seat.n), seat.batch(READ)
        for _ in range(3):
            assert isinstance(await seat.send(batch), Acknowledged)
        assert (await hall.occupant("a01")).acknowledged == 1
        seat.link, seat.n = start
        fork = await seat.send(seat.batch((RulesRead, {"rules": "1" * 64})))
        assert isinstance(fork, BatchRefused)
        assert fork.code is BatchRefusal.FORK


async def test_the_key_goes_to_nobody_who_was_not_let_in(tmp_path: Path) -> None:
    """At the start a linked seat without a log-in, and one not identified, hear no key."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as let_in, hall.seat("a02") as out:
        await seated(hall, let_in)
        await let_in.write(READ)
        links = [await hello(let_in), await hello(out)]
        await hall.begin()
        assert (await next_said(links[0], seat_api.PaperKeySaid)).subject == "theory"
        await hall.act(staff_api.Message(candidate=None, text="marker", must_confirm=False))
        heard = []
        while True:
            said = seat_api.decode_hall_says((await links[1].receive(timeout=10)).data.encode())
            heard.append(type(said))
            if isinstance(said, seat_api.DecisionSaid):
                decision = open_decision(said.decision, hall.box_key)
                if isinstance(decision.what, Told):
                    break
        assert seat_api.PaperKeySaid not in heard
