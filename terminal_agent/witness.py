"""The seat as a witness of the box's log: checks that it only grows, keeps and cosigns.

If the box ever shows a log that is not the continuation of the one that this seat has
seen, that is a fork: it is not cosigned, and the seat says so.
"""

from typing import Final

from protocol.checkpoint import Checkpoint, cosign, cosigner, open_checkpoint
from protocol.envelope import unbase64
from protocol.errors import BrokenChainError
from protocol.keys import SigningKey
from protocol.merkle import check_consistency
from protocol.seat_api import HallBeat
from terminal_agent.spool import Spool
from terminal_agent.trust import TrustedHall


class Witness:
    """Follows one log."""

    def __init__(self, spool: Spool, hall: TrustedHall, seat_key: SigningKey) -> None:
        self._spool = spool
        self._hall = hall
        self._key: Final = seat_key
        self._seen: Checkpoint | None = None
        self._note = ""
        self._asked = 0
        self.cosignature = ""

    def ask(self) -> int:
        """Return the leaves of the log that this seat has checked: the proof is to begin there."""
        self._asked = 0 if self._seen is None else self._seen.size
        return self._asked

    async def resume(self) -> None:
        """Go on from the checkpoint that was kept."""
        note = (await self._spool.checkpoints()).get(self._hall.log_origin)
        if note is not None:
            self._seen = open_checkpoint(note, self._hall.log_origin, self._hall.log_key)
            self._note = note

    async def hear(self, beat: HallBeat) -> None:
        """Check, keep and cosign the checkpoint of a beat; raise `BrokenChainError` on a fork."""
        if beat.checkpoint == self._note:
            return
        if self._seen is not None and self._asked == beat.proof_from != self._seen.size:
            return  # asked before the last answer was kept; the next beat asks from here on
        shown = open_checkpoint(beat.checkpoint, self._hall.log_origin, self._hall.log_key)
        if self._seen is not None:
            self._check(self._seen, shown, beat)
        await self._spool.keep_checkpoint(self._hall.log_origin, shown.size, beat.checkpoint)
        manifest = self._hall.manifest
        name = cosigner(manifest.centre, manifest.sitting.id, self._hall.seat.id)
        seconds = beat.hall_time // 1000
        self.cosignature = cosign(beat.checkpoint, name, self._key, seconds)
        self._seen, self._note = shown, beat.checkpoint

    @staticmethod
    def _check(seen: Checkpoint, shown: Checkpoint, beat: HallBeat) -> None:
        if beat.proof_from != seen.size:
            raise BrokenChainError(
                f"expected a proof from {seen.size} leaves on; got one from {beat.proof_from}"
            )
        proof = [unbase64(text) for text in beat.proof]
        check_consistency(seen.size, seen.root, shown.size, shown.root, proof)
