"""A whole subject of a box in wrong hands: each record verifies, together they do not agree."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from central.store import reading
from central.verification.service import open_worker
from protocol.decisions import Told
from protocol.journal import DecisionReceived
from protocol.log_entries import Decided, Granted, HeadKept
from protocol.parcel import DecisionRecord, Lane, LaneEndRecord, ReceiptRecord
from protocol.staff_api import Message
from tests.sample_office import NOW, SampleBox, SampleOffice
from tests.sample_parcels import Lanes
from tests.sample_session import (
    SUBJECT,
    SampleLog,
    SampleSession,
    closed,
    closing,
    decision,
)
from tests.verifying import Verifying

ENDS = LaneEndRecord(subject=SUBJECT, views=())
COMPLETE = (
    "1 accounted for: 1 handed in, 0 refused or absent; all received and verified by the office"
)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
async def at(office: SampleOffice, tmp_path: Path) -> AsyncIterator[Verifying]:
    """A worker over an empty store."""
    layout = office.lay_out(tmp_path / "office")
    async with open_worker(layout, clock=lambda: NOW) as (worker, _):
        yield Verifying(office, layout, worker)


@dataclass
class Delivered:
    """A subject of one candidate, before it is delivered: edit it, then deliver it."""

    box: SampleBox
    log: SampleLog
    session: SampleSession
    decisions: list[DecisionRecord]
    receipts: list[ReceiptRecord] = field(default_factory=list)

    async def deliver(self, at: Verifying) -> str:
        """Deliver everything, with the end of every lane; return the account."""
        lanes, session = Lanes(at.office.recipient, self.box), self.session
        account = closing(self.box, session.accounted())
        answers = [session.granted(), session.journal(), *self.receipts, account, ENDS]
        await at.take(
            lanes.parcel(Lane.ANSWERS, answers),
            lanes.parcel(Lane.EVIDENCE, [self.log.record(), ENDS]),
            lanes.parcel(Lane.INCIDENTS, [*self.decisions, ENDS]),
        )
        assert at.reasons() == []  # nothing is refused: each record holds
        return accounted(at)


def accounted(at: Verifying) -> str:
    """Return the account of the only subject."""
    with at.store() as connection:
        ((_, account),) = reading.accounts(connection)
    return account.show("en")


def subject(office: SampleOffice) -> Delivered:
    """Return an honest subject: told something, answered, handed in, closed."""
    box, session = office.main, SampleSession(office.main, "c-001")
    told = tell(office, 1, "good luck")
    session.answer("q-1", "a")
    hear(session, told)
    session.hand_in()
    log = SampleLog(box)
    log.keep(session.granted(), told)
    log.add(head(session))
    receipt = session.receipt(log)
    done = closed(box, 2, office.staff_key)
    log.keep(done)
    return Delivered(box, log, session, [told, done], [receipt])


def tell(office: SampleOffice, n: int, text: str) -> DecisionRecord:
    """Return a message to everybody, as the invigilator asked for it."""
    asked = Message(candidate=None, text=text, must_confirm=False)
    what = Told(text=text, must_confirm=False)
    return decision(office.main, n, what, asked=asked, staff_key=office.staff_key)


def hear(session: SampleSession, told: DecisionRecord) -> None:
    """Let the seat write down a decision that it has heard."""
    n = session.position.n + 1
    session.write(DecisionReceived(n=n, hall=NOW + n, mono=n, decision=told.decision))


def head(session: SampleSession) -> HeadKept:
    """Return the leaf about where the journal stands."""
    position = session.position
    return HeadKept(
        at=NOW, session=session.grant.session, epoch=1, n=position.n, head=position.head
    )


async def test_an_honest_subject_is_complete(at: Verifying, office: SampleOffice) -> None:
    """Grant, journal, decisions, log, receipt and closing agree."""
    assert await subject(office).deliver(at) == COMPLETE


@pytest.mark.parametrize("kind", ["decided", "granted"])
async def test_what_the_log_names_must_have_come(
    at: Verifying, office: SampleOffice, kind: str
) -> None:
    """The seats have cosigned a log with a decision, or a grant, that the box then kept back."""
    made = subject(office)
    decided, granted = Decided(at=NOW, decision="e" * 64), Granted(at=NOW, grant="e" * 64)
    made.log.add(decided if kind == "decided" else granted)
    assert "1 grant(s) or decision(s) stand in the log of box-1.1 and have not come" in (
        await made.deliver(at)
    )


async def test_a_head_in_the_log_must_be_the_journals(at: Verifying, office: SampleOffice) -> None:
    """The log says where a journal stood: another history, and a shorter one, are both found."""
    made = subject(office)
    made.log.add(replace(head(made.session), n=2, head="e" * 64))
    assert "c-001: the box's log, which the seats have seen, stands at another event 2" in (
        await made.deliver(at)
    )


async def test_a_journal_that_was_cut_short_is_found_by_the_log(
    at: Verifying, office: SampleOffice
) -> None:
    """Answers that were acknowledged and logged, and left out of the account, are missed."""
    made = subject(office)
    made.log.add(replace(head(made.session), n=9, head="e" * 64))
    assert "stands at another event 9" in await made.deliver(at)


async def test_what_a_seat_was_told_must_have_come(at: Verifying, office: SampleOffice) -> None:
    """A decision that a box signed for one seat and kept from its record is found in the journal.

    What a seat invents is nobody's decision.
    """
    made = subject(office)
    hear(made.session, tell(office, 2, "another hour for you"))
    stranger = tell(office, 5, "not of this box")
    made.session.write(
        DecisionReceived(
            n=made.session.position.n + 1,
            hall=NOW,
            mono=99,
            decision=replace(stranger.decision, signatures=()),
        )
    )
    made.log.add(head(made.session))
    said = await made.deliver(at)
    assert "c-001: the seat was told 1 decision(s) that the box has not delivered" in said


async def test_a_receipt_stands_in_the_log_that_came(at: Verifying, office: SampleOffice) -> None:
    """A receipt whose proof is of another log than the one that was delivered is found."""
    made = subject(office)
    other = SampleLog(office.main, bundle="b" * 64)
    made.receipts = [made.session.receipt(other)]
    said = await made.deliver(at)
    assert "c-001: receipt " in said
    assert "does not stand in the box's log" in said


async def test_what_comes_late_is_looked_at_again(at: Verifying, office: SampleOffice) -> None:
    """What was found goes when the rest has come: nothing is found for good by mistake."""
    made = subject(office)
    late = tell(office, 3, "late")
    made.log.keep(late)
    lanes = Lanes(office.recipient, office.main)
    account = closing(made.box, made.session.accounted())
    answers = [made.session.granted(), made.session.journal(), *made.receipts, account, ENDS]
    await at.take(
        lanes.parcel(Lane.ANSWERS, answers),
        lanes.parcel(Lane.EVIDENCE, [made.log.record(), ENDS]),
        lanes.parcel(Lane.INCIDENTS, [made.decisions[0], ENDS]),
    )
    said = accounted(at)
    assert "closed without a decision of staff" in said
    assert "2 grant(s) or decision(s) stand in the log" in said
    await at.take(lanes.parcel(Lane.INCIDENTS, made.decisions[1:]))
    said = accounted(at)
    assert "closed without" not in said
    assert "1 grant(s) or decision(s) stand in the log" in said
