"""The paper's key: unlocked by code, armed by a person, released at the start.

The way of P:

1. *Unlock*: the codes that two people typed open ``paper.key.age`` (0.3 s and 145 MB a
   code, in a thread). Wrong codes cost growing time, never a lock-out, and are on record;
   they count for their own subject.
2. P is kept wrapped to the box's own age identity, so that a rebooted box goes on.
3. *Arm*: a person sets the start; it is a decision that all seats hear.
4. *Release*: at the start the leaf is committed, then P goes to all linked seats whose
   candidates are through the door, as one line encoded once; who comes later by cable or
   from the identity check gets it then.
5. After the subject is closed the wrapped P is removed; at the latest at the next start.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from appliance.core import messages as m
from appliance.core import records
from appliance.core.hall import Hall, Seating
from appliance.core.links import Links
from appliance.core.refusals import RefusedError
from exam.session import State
from protocol.codes import CodeError
from protocol.errors import ProtocolError, WrongCodeError
from protocol.log_entries import CodeTried, Released
from protocol.sealed_paper import SealedPaper, derive_code_identity, open_paper_key
from protocol.sealing import SealingIdentity, seal
from protocol.seat_api import PaperKeySaid
from protocol.staff_api import ActRefusal
from runtime.database import Database
from runtime.errors import DiskError
from runtime.facts import put_fact
from runtime.files import remove_durably, write_atomic

_FREE_TRIES: Final = 3
_FIRST_WAIT_MS: Final = 5_000
_LONGEST_WAIT_MS: Final = 300_000
_THROUGH_THE_DOOR: Final = frozenset({State.WAITING, State.ANSWERING, State.PAUSED, State.AWAY})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Tries:
    """How often a subject's code was wrong, and the hall time from which another may be tried."""

    wrong: int = 0
    next_at: int = 0


def wait_after(wrong: int) -> int:
    """Return how long (ms) nobody may try after ``wrong`` wrong codes: 0, then doubling."""
    if wrong < _FREE_TRIES:
        return 0
    return min(_LONGEST_WAIT_MS, _FIRST_WAIT_MS << min(wrong - _FREE_TRIES, 16))


class Release:
    """Holds P between the unlocking and the end of the subject."""

    def __init__(
        self,
        database: Database,
        hall: Hall,
        links: Links,
        *,
        box: SealingIdentity,
        bundle_folder: Path,
        wrapped_folder: Path,
        now: Callable[[], int],
    ) -> None:
        self._database = database
        self._hall = hall
        self._links = links
        self._box: Final = box
        self._bundle_folder = bundle_folder
        self._wrapped_folder = wrapped_folder
        self._now = now
        self._unlocking = asyncio.Lock()
        self._tries: dict[str, Tries] = {}

    def tries(self, subject: str) -> Tries:
        """Return how the codes of a subject have been tried.

        Hall time may have been set back since: nobody waits longer than the wait itself.
        """
        found = self._tries.get(subject, Tries())
        latest = self._now() + wait_after(found.wrong)
        return replace(found, next_at=min(found.next_at, latest))

    async def resume(self) -> None:
        """Read wrong tries and wrapped keys back after a restart; closed subjects lose theirs."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT subject, count(*), max(at) FROM wrong_codes GROUP BY 1"
            ).fetchall()
        )
        for subject, wrong, last in rows:
            self._tries[subject] = Tries(wrong=wrong, next_at=last + wait_after(wrong))
        for subject, state in self._hall.subjects.items():
            if state.closing is not None:
                await self._forget_late(subject)
            else:
                state.paper_key = await asyncio.to_thread(self._unwrap, subject)

    async def _forget_late(self, subject: str) -> None:
        try:
            await asyncio.to_thread(self.forget, subject)
        except DiskError:
            _log.exception("the wrapped key of %s could not be removed", subject)

    def _unwrap(self, subject: str) -> SealingIdentity | None:
        wrapped = self._wrapped(subject)
        if not wrapped.exists():
            return None
        return SealingIdentity.parse(self._box.open(wrapped.read_bytes()).decode())

    async def unlock(self, subject: str, codes: Sequence[str], by: str) -> None:
        """Open P with the codes. Raises `RefusedError`: wait, or no codes of it."""
        async with self._unlocking:
            paper = self._hall.paper(subject)
            if paper is None:
                raise ProtocolError(f"the bundle has no paper for subject {subject}")
            self._check_wait(subject)
            if len(codes) != len(paper.code_salts):
                wanted = len(paper.code_salts)
                raise RefusedError(
                    ActRefusal.WRONG_CODE, m.CODES_WANTED, wanted=wanted, got=len(codes)
                )
            try:
                key = await asyncio.to_thread(self._open, paper, codes)
            except WrongCodeError:
                await self._note(paper, by, opened=False)
                raise RefusedError(ActRefusal.WRONG_CODE, m.CODE_WRONG) from None
            except CodeError as error:
                text = m.CODE_GROUP if error.group else m.CODE_LENGTH
                raise RefusedError(ActRefusal.WRONG_CODE, text, group=error.group) from None
            await self._note(paper, by, opened=True)  # first: no key outlives us off the record
            await asyncio.to_thread(self._wrap, subject, key)
            self._hall.subjects[subject].paper_key = key

    def _check_wait(self, subject: str) -> None:
        until = self.tries(subject).next_at
        if self._now() < until:
            zone = ZoneInfo(self._hall.sitting.time_zone)
            shown = dt.datetime.fromtimestamp(until / 1000, zone).strftime("%H:%M:%S")
            raise RefusedError(ActRefusal.WAIT, m.WAIT, at=until, until=shown)

    def _open(self, paper: SealedPaper, codes: Sequence[str]) -> SealingIdentity:
        sealed = (self._bundle_folder / paper.key_file).read_bytes()
        identities = [
            derive_code_identity(code, salt, paper.scrypt_n)
            for code, salt in zip(codes, paper.code_salts, strict=True)
        ]
        return open_paper_key(sealed, self._box, identities, paper.recipient)

    def _wrap(self, subject: str, key: SealingIdentity) -> None:
        sealed = seal(key.dangerous_text().encode(), [self._box.recipient])
        write_atomic(self._wrapped(subject), sealed)

    def _wrapped(self, subject: str) -> Path:
        return self._wrapped_folder / f"{subject}.wrapped.age"

    async def _note(self, paper: SealedPaper, by: str, *, opened: bool) -> None:
        at = self._now()
        wrong = self.tries(paper.subject).wrong + (not opened)

        def record(connection: records.Connection) -> None:
            if not opened:
                records.insert(connection, "wrong_codes", subject=paper.subject, at=at)
            records.append_leaf(
                connection,
                CodeTried(
                    at=at,
                    subject=paper.subject,
                    revision=paper.revision,
                    by=by,
                    opened=opened,
                    wrong_so_far=wrong,
                ),
            )

        await self._database.write(record)
        next_at = 0 if opened else at + wait_after(wrong)
        self._tries[paper.subject] = Tries(wrong=wrong, next_at=next_at)

    async def release(self, subject: str) -> None:
        """Commit the leaf, then tell all who are through the door. Idempotent."""
        state, paper = self._hall.subjects[subject], self._hall.paper(subject)
        if state.released or state.paper_key is None or paper is None:
            return
        at = self._now()
        leaf = Released(at=at, subject=subject, revision=paper.revision, paper=paper.sealed_sha256)

        def record(connection: records.Connection) -> None:
            records.append_leaf(connection, leaf)
            put_fact(connection, f"released:{subject}", str(at))

        await self._database.write(record)
        state.released = True
        seats = {s.seat for s in self._hall.seatings(subject) if _through(s)}
        self._links.tell(self._said(subject, paper, state.paper_key), seats)

    def give_to(self, seating: Seating) -> None:
        """Tell one seat, if the paper is released and its candidate is through the door."""
        state, paper = self._hall.subjects[seating.subject], self._hall.paper(seating.subject)
        link = self._links.of(seating.seat)
        if link is None or paper is None or state.paper_key is None or not state.released:
            return
        if _through(seating):
            link.tell(self._said(seating.subject, paper, state.paper_key))

    def forget(self, subject: str) -> None:
        """Remove P after the subject was closed."""
        self._hall.subjects[subject].paper_key = None
        wrapped = self._wrapped(subject)
        if wrapped.exists():
            remove_durably(wrapped)

    @staticmethod
    def _said(subject: str, paper: SealedPaper, key: SealingIdentity) -> PaperKeySaid:
        return PaperKeySaid(subject=subject, revision=paper.revision, key=key.dangerous_text())


def _through(seating: Seating) -> bool:
    return seating.id is not None and seating.session.state in _THROUGH_THE_DOOR
