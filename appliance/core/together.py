"""The batches of one turn of the loop, taken together: checked, made durable, acknowledged.

Rules:

1. Each step is done for all before the next begins, so its code and tables are still in the
   processor's caches: what is done for one request after the other costs half as much again.
2. All go into the record as one job of the writer, a few statements for the whole turn. A
   job that breaks a rule of the tables is done again batch by batch: neighbours of the batch
   at fault do not notice.
3. What follows from a commit is settled here and not by whoever waits: it holds also where
   they have gone.
4. A reply exists only after the commit that holds its batch.
5. A turn takes `MOST` batches, the next turn the rest: seats that come back all at once with
   large ones do not hold up the loop, on which the heartbeats and the start wait too.

Nothing here decides: `appliance.core.journal` says what a batch adds and what follows.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Final

from appliance.core import records
from appliance.core.hall import Seating
from protocol.grant import Grant, Position
from protocol.journal import Batch, Extension
from protocol.seat_api import BatchReply
from runtime.database import Database

MOST: Final = 32
"""Batches of one turn: some 3 ms of checking, 150 ms where each is as large as one may be."""

_log = logging.getLogger(__name__)


class Waiting:
    """A batch on its way, with what it is checked against. Its session waits for it."""

    __slots__ = (
        *("batch", "seating", "grant", "position"),
        *("extension", "size", "at", "alone", "reply"),
    )

    def __init__(self, batch: Batch, seating: Seating, grant: Grant, position: Position) -> None:
        self.batch: Final = batch
        self.seating: Final = seating
        self.grant: Final = grant
        self.position: Final = position
        """Where the journal stands."""
        self.extension = Extension(events=(), position=position)
        """What it adds; found by the check."""
        self.size = 0
        """So many bytes, as `appliance.core.quota` counts."""
        self.at = 0
        """Hall time of the check."""
        self.alone = False
        """Set by the check where a candidate's standing changes: its caller writes it."""
        self.reply: asyncio.Future[BatchReply | None] = asyncio.get_running_loop().create_future()

    def row(self) -> records.BatchRow:
        """Return what goes into the record."""
        return records.batch_row(self.batch, self.extension, self.at)


Check = Callable[[Waiting], None]
"""Fills in what a batch adds; raises where it is refused."""
Settle = Callable[[Waiting], BatchReply]
"""Changes the hall after the commit; returns the reply."""


class Together:
    """Gathers batches until the turn ends, then takes them; to be used on one loop."""

    def __init__(self, database: Database, check: Check, settle: Settle) -> None:
        self._database = database
        self._check = check
        self._settle = settle
        self._gathered: list[Waiting] = []

    async def take(self, waiting: Waiting) -> BatchReply | None:
        """Return the reply once the batch is durable, None where the caller has to write it.

        Raises what the check raised, or why the commit failed.
        """
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._turn)
        self._gathered.append(waiting)
        return await waiting.reply

    def _turn(self) -> None:
        group, self._gathered = self._gathered[:MOST], self._gathered[MOST:]
        if self._gathered:
            asyncio.get_running_loop().call_soon(self._turn)
        new = [waiting for waiting in group if self._is_new(waiting)]
        if new:
            self._write(new)

    def _is_new(self, waiting: Waiting) -> bool:
        """Check a batch; say whether it has to be written. One that has not is answered."""
        try:
            self._check(waiting)
        except Exception as error:  # noqa: BLE001 - raised where the batch is awaited
            _answer(waiting, error)
            return False
        if waiting.alone:
            _answer(waiting, None)
            return False
        if not waiting.extension.events:
            self._settled(waiting)
            return False
        return True

    def _write(self, group: list[Waiting]) -> None:
        rows = [waiting.row() for waiting in group]
        try:
            written = self._database.write(lambda c: records.append_batches(c, rows))
        except Exception as error:  # noqa: BLE001 - raised where the batches are awaited
            for waiting in group:
                _answer(waiting, error)
            return
        written.add_done_callback(lambda future: self._written(group, future.exception()))

    def _written(self, group: list[Waiting], error: BaseException | None) -> None:
        if isinstance(error, sqlite3.Error) and len(group) > 1:  # a rule of the tables
            for waiting in group:
                self._write([waiting])
            return
        if error is not None:
            _log.error(
                "%d batches are not kept, their seats send them again: %s", len(group), error
            )
        for waiting in group:
            if error is None:
                self._settled(waiting)
            else:
                _answer(waiting, error)

    def _settled(self, waiting: Waiting) -> None:
        try:
            _answer(waiting, self._settle(waiting))
        except Exception as error:  # noqa: BLE001 - raised where the batch is awaited
            _answer(waiting, error)


def _answer(waiting: Waiting, outcome: BatchReply | BaseException | None) -> None:
    """Give whoever waits the outcome; they may have gone."""
    if waiting.reply.done():
        return
    if isinstance(outcome, BaseException):
        waiting.reply.set_exception(outcome)
    else:
        waiting.reply.set_result(outcome)
