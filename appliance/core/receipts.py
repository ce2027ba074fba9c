"""The candidate's receipt: made at hand-in, from the log, and kept.

The leaf names the last head; once a checkpoint stands over it, the receipt with its
inclusion proof is signed and kept, and only then told to the seat. What was answered is
counted by the box, from the journal; only the marks are the seat's word.
"""

from typing import Final

from appliance.core import records
from appliance.core.box import Box
from appliance.core.hall import Hall, Seating
from appliance.core.log import Log
from protocol.envelope import Envelope
from protocol.journal import HandedIn
from protocol.log_entries import HeadKept, ReceiptGiven
from protocol.receipt import Receipt, sign_receipt
from protocol.values import decode
from runtime.database import Database


class Receipts:
    """Gives receipts."""

    def __init__(
        self,
        database: Database,
        log: Log,
        box: Box,
        hall: Hall,
    ) -> None:
        self._database = database
        self._log = log
        self._box: Final = box
        self._hall = hall

    async def give(self, seating: Seating, event: HandedIn) -> Envelope | None:
        """Return the receipt of a hand-in that is durable; None where there is no session."""
        if seating.id is None or seating.position is None:
            return None
        position, at = seating.position, self._box.now()
        entry = ReceiptGiven(
            at=at,
            session=seating.id,
            epoch=position.epoch,
            n=position.n,
            head=position.head,
            subject=seating.subject,
            candidate=seating.candidate.id,
        )
        head = HeadKept(
            at=at,
            session=seating.id,
            epoch=position.epoch,
            n=position.n,
            head=position.head,
        )

        def record(connection: records.Connection) -> int:
            records.append_leaf(connection, head)
            records.mark_logged(connection, entry.session, position.epoch, position.n)
            return records.append_leaf(connection, entry)

        index = await self._database.write(record)
        seating.logged = position.n
        note = await self._log.checkpoint()
        paper = self._hall.paper(seating.subject)
        items = {item.item for item in paper.outline} if paper is not None else seating.answered
        answered = len(seating.answered & items)
        receipt = Receipt(
            centre=self._box.centre,
            appliance=self._box.appliance,
            generation=self._box.generation,
            sitting=self._hall.sitting.id,
            entry=entry,
            answered=answered,
            marked=min(event.marked, len(items)),
            unanswered=len(items) - answered,
            automatic=event.automatic,
            at=at,
            leaf_index=index,
            proof=self._log.inclusion(index),
            checkpoint=note,
        )
        envelope = sign_receipt(receipt, self._box.key)
        stored = records.stored(envelope)
        await self._database.write(
            lambda c: records.insert(c, "receipts", session=entry.session, envelope=stored)
        )
        return envelope

    async def of(self, session: str) -> Envelope | None:
        """Return the last receipt of a session."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT envelope FROM receipts WHERE session = ? ORDER BY seq DESC LIMIT 1",
                (session,),
            ).fetchone()
        )
        return None if row is None else decode(str(row[0]).encode(), Envelope)
