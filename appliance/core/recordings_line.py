"""Core's line to the recordings process: who may send segments, what has ended.

Core never waits for it. One task (`RecordingsLine.run`) looks at core's own record about
once a second and says what the other does not know yet; a connection that comes back begins
with everything. So nothing is queued, and nothing can be missed. When recordings give way
on a full disk, that is an alert on record, and a task for staff while it lasts.
"""

import asyncio
import logging
from sqlite3 import Connection
from types import TracebackType
from typing import Final, Self

from appliance.core import records
from appliance.core.building import Core
from appliance.ipc import recordings as ipc
from appliance.ipc.settings import Settings
from exam.session import ENDED
from protocol.closing import open_closing
from protocol.envelope import Envelope
from protocol.grant import Grant, open_grant
from protocol.parcel import AlertRecord
from protocol.values import decode
from runtime.errors import DatabaseError, DiskError, IpcError
from runtime.ipc import Client

LOOK_S: Final = 1.0
_log = logging.getLogger(__name__)


class RecordingsLine:
    """See the module; a context manager."""

    def __init__(self, settings: Settings, core: Core) -> None:
        self._core = core
        self._is_new = True
        """Whether the connection is a new one: then all is said again."""
        self._seq = 0
        self._epochs: dict[str, int] = {}
        self._told: set[ipc.Request] = set()
        self._on_record = 0
        self._client = Client(
            settings.socket("recordings"),
            ipc.CHANNEL,
            on_event=self._heard,
            on_line=self._line,
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def run(self) -> None:
        """Say what is new, for as long as core lives."""
        while True:
            await self._client.online()
            try:
                await self._say_what_is_new()
                await self._put_on_record()
            except (IpcError, DatabaseError, DiskError) as error:
                _log.warning("recordings hears of it later: %s", error)
            await asyncio.sleep(LOOK_S)

    async def _say_what_is_new(self) -> None:
        core = self._core
        if self._is_new:
            self._is_new = False
            self._seq = 0
            self._epochs.clear()
            self._told.clear()
        await self._say(ipc.HallStands(generation=core.box.generation, anchor=core.clock.anchor))
        for seq, envelope in await core.database.read(self._new_grants):
            await self._admit(open_grant(envelope, core.box.key.public))
            self._seq = seq
        for ended in self._ended():
            await self._say(ended)
        for subject, state in core.hall.subjects.items():
            if state.closing is not None:
                closing = open_closing(state.closing, core.box.key.public)
                await self._say(ipc.SubjectClosed(subject=subject, at=closing.at))

    async def _admit(self, grant: Grant) -> None:
        await self._say(
            ipc.Admitted(
                session=grant.session,
                epoch=grant.epoch,
                session_key=grant.session_key,
                seat_certificate=grant.seat_certificate,
                subject=grant.subject,
                candidate=grant.candidate,
            )
        )
        for epoch in range(self._epochs.get(grant.session, grant.epoch), grant.epoch):
            await self._say(ipc.Ended(session=grant.session, epoch=epoch))
        self._epochs[grant.session] = grant.epoch
        self._core.surroundings.seat_of[grant.session, grant.epoch] = grant.seat

    def _ended(self) -> list[ipc.Ended]:
        return [
            ipc.Ended(session=seating.id, epoch=seating.epoch)
            for seating in self._core.hall.seatings()
            if seating.id is not None and seating.session.state in ENDED
        ]

    async def _say(self, word: ipc.Request) -> None:
        if word not in self._told:
            await self._client.ask(word)
            self._told.add(word)

    async def _put_on_record(self) -> None:
        """Write down that recordings give way, once each time."""
        core, since = self._core, self._core.surroundings.recordings_full_since
        if since in (0, self._on_record):
            return
        subject = core.hall.current()
        alert = AlertRecord(
            at=since,
            subject=None if subject is None else subject.id,
            session=None,
            candidate=None,
            seat=None,
            cause="recordings_full",
            detail="no room on the box's disk: recordings give way to answers",
            confidence=1000,
            picture=None,
        )
        await core.database.write(lambda c: records.put_alert(c, alert))
        self._on_record = since

    def _new_grants(self, connection: Connection) -> list[tuple[int, Envelope]]:
        rows = connection.execute(
            "SELECT seq, envelope FROM grants WHERE seq > ? ORDER BY seq", (self._seq,)
        )
        return [(seq, decode(text.encode(), Envelope)) for seq, text in rows]

    def _line(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        self._core.surroundings.connected["recordings"] = there
        self._is_new = True
        if not there:
            self._core.surroundings.recordings_full_since = 0
            self._core.surroundings.recordings_awaited = ()
            self._core.surroundings.recordings_over = {}

    def _heard(self, said: ipc.Said) -> None:
        around = self._core.surroundings
        around.recordings_full_since = said.full_since
        around.recordings_delivered = frozenset(said.delivered)
        around.recordings_awaited = said.awaited
        around.recordings_over = said.over
