"""The box's log: what was granted, acknowledged and decided, so that nobody can rewrite it.

A leaf is written in the transaction of what it is about (`records.append_leaf`). The
tree here is only caught up from the durable leaves before a checkpoint is signed, so a
checkpoint never speaks of a leaf that a power cut could take back.
"""

import asyncio
import base64
import logging
from typing import Final

from appliance.core import records
from appliance.core.box import Box
from protocol.checkpoint import Checkpoint, origin, sign_checkpoint
from protocol.keys import SigningKey
from protocol.merkle import MerkleTree, leaf_hash
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError

_log = logging.getLogger(__name__)


class Log:
    """The Merkle log of one generation of one appliance."""

    def __init__(
        self,
        database: Database,
        box: Box,
        key: SigningKey,
    ) -> None:
        self.origin: Final = origin(box.centre, box.sitting, box.appliance, box.generation)
        self._database = database
        self._key = key
        self._tree = MerkleTree()
        self._note = ""
        self._noted = -1
        self._one_at_a_time = asyncio.Lock()

    async def resume(self) -> None:
        """After a start: go on from the checkpoint that was shown last.

        A full disk keeps no newer one, and does not keep a box from coming back. Raises
        `DiskError` where there is none yet.
        """
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
            ).fetchone()
        )
        if row is not None:
            self._noted, self._note = int(row[0]), str(row[1])
        await self.newest()

    async def newest(self) -> str:
        """Return the newest checkpoint that could be kept: with a full disk an earlier one."""
        try:
            return await self.checkpoint()
        except (DiskError, DatabaseError) as error:
            if not self._note:
                raise
            _log.warning("the log's checkpoint stays where it is: %s", error)
            return self._note

    async def checkpoint(self) -> str:
        """Return the signed checkpoint over all durable leaves; keep it before it is shown."""
        async with self._one_at_a_time:  # or two would append the same leaves
            return await self._checkpoint()

    async def _checkpoint(self) -> str:
        await self._catch_up()
        size = len(self._tree)
        if size != self._noted:
            note = sign_checkpoint(
                Checkpoint(origin=self.origin, size=size, root=self._tree.root()), self._key
            )
            await self._database.write(
                lambda c: c.execute(
                    "INSERT OR IGNORE INTO checkpoints (size, note) VALUES (?, ?)", (size, note)
                )
            )
            self._note, self._noted = note, size
        return self._note

    @property
    def size(self) -> int:
        """Leaves under the last checkpoint."""
        return max(0, self._noted)

    def consistency(self, old: int) -> tuple[int, tuple[str, ...]]:
        """Return from where on, and the proof that the last checkpoint only added leaves."""
        start = old if 0 < old <= self.size else 0
        return start, _encoded(self._tree.consistency_proof(start, self.size))

    def inclusion(self, index: int) -> tuple[str, ...]:
        """Return the proof that leaf ``index`` lies under the last checkpoint."""
        return _encoded(self._tree.inclusion_proof(index, self.size))

    async def keep_cosignature(self, size: int, seat: str, line: str) -> None:
        """Keep a seat's cosignature of the checkpoint of ``size`` leaves."""
        await self._database.write(
            lambda c: c.execute(
                "INSERT OR IGNORE INTO cosignatures (size, seat, line) VALUES (?, ?, ?)",
                (size, seat, line),
            )
        )

    async def note_of(self, size: int) -> str | None:
        """Return the checkpoint that was shown for ``size`` leaves."""
        row = await self._database.read(
            lambda c: c.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()
        )
        return None if row is None else str(row[0])

    async def _catch_up(self) -> None:
        bodies = await self._database.read(lambda c: records.leaves_from(c, len(self._tree)))
        for body in bodies:
            self._tree.append(leaf_hash(body))


def _encoded(hashes: list[bytes]) -> tuple[str, ...]:
    return tuple(base64.b64encode(item).decode() for item in hashes)
