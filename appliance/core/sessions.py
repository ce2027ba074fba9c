"""Log-in: from what a candidate typed to a signed grant.

The steps of `Sessions.log_in`, each of which may refuse:

1. There is a subject whose turn it is, and this seat is not waiting after wrong tries.
2. The fields fit one candidate of the roster (a wrong one is counted, by seat).
3. The candidate sits this subject, at this seat, and is not in at another.
4. The subject is not over for the candidate.
5. The doors are open, or the candidate was in before (re-entry by the rule book).
6. The grant is signed and committed with its leaf; then the seat may have it.
"""

import hmac
import logging
import secrets
from dataclasses import dataclass
from typing import Final

from appliance.core import quota, records
from appliance.core.box import Box
from appliance.core.hall import Hall, Seating
from appliance.core.journal import Journal
from appliance.core.quota import OverQuotaError
from exam import times
from exam.candidates import Candidate
from exam.order import draw_order
from exam.rulebook import LoginField
from exam.session import ENDED, LoggedIn, NotNow, State, happen
from exam.sitting import Subject
from protocol import seat_api
from protocol.envelope import Envelope
from protocol.grant import Grant, sign_grant
from protocol.journal import start_position
from protocol.log_entries import Granted
from protocol.seat_api import LoginRefusal, LoginRefused, LoginRequest, OwnData
from runtime.database import Database

_log = logging.getLogger(__name__)


@dataclass
class _Tries:
    wrong: int = 0
    locked_until: int = 0


@dataclass(frozen=True, kw_only=True)
class GrantGiven:
    """A grant that lies in the record."""

    grant: Envelope
    own_data: OwnData
    seating: Seating


class Sessions:
    """Gives grants."""

    def __init__(
        self,
        database: Database,
        hall: Hall,
        box: Box,
        journal: Journal,
    ) -> None:
        self._database = database
        self._hall = hall
        self._box: Final = box
        self._journal = journal
        self._tries: dict[str, _Tries] = {}

    async def log_in(
        self, request: LoginRequest, seat: str, certificate: str
    ) -> GrantGiven | LoginRefused:
        """Return a grant for the candidate at ``seat``, whose certificate is ``certificate``."""
        # 1
        subject, now = self._hall.current(), self._box.now()
        if subject is None or subject.id != request.subject:
            return _refused(LoginRefusal.NO_EXAM)
        tries = self._tries.setdefault(seat, _Tries())
        latest = now + self._hall.rules.login.lock_s * 1000  # hall time may have been set back
        tries.locked_until = min(tries.locked_until, latest)
        if now < tries.locked_until:
            return _refused(LoginRefusal.LOCKED, at=tries.locked_until)
        # 2
        candidate = self._candidate(request.fields)
        if candidate is None:
            return self._wrong(tries, now)
        tries.wrong = 0
        seating = self._hall.seating(candidate.id, subject.id)
        if seating is None:
            return _refused(LoginRefusal.OTHER_EXAM)
        async with seating.writing, self._hall.changes:
            # 3, 4, 5
            now = self._box.now()
            refusal = self._not_admitted(seating, subject, seat, now)
            if refusal is not None:
                return refusal
            # 6
            return await self._grant(seating, subject, seat, certificate, request, now)

    def _candidate(self, fields: dict[LoginField, str]) -> Candidate | None:
        wanted = self._hall.rules.login.fields
        if set(fields) != set(wanted):
            return None
        fitting = [
            c
            for c in self._hall.candidates.values()
            if all(_same(fields[name], _expected(c, name)) for name in wanted)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _wrong(self, tries: _Tries, now: int) -> LoginRefused:
        rules = self._hall.rules.login
        tries.wrong += 1
        if tries.wrong >= rules.wrong_tries:
            tries.wrong = 0
            tries.locked_until = now + rules.lock_s * 1000
            return _refused(LoginRefusal.LOCKED, at=tries.locked_until)
        return _refused(LoginRefusal.WRONG, tries_left=rules.wrong_tries - tries.wrong)

    def _not_admitted(
        self, seating: Seating, subject: Subject, seat: str, now: int
    ) -> LoginRefused | None:
        if seating.session.state in ENDED or (
            seating.session.state is State.HANDED_IN_PROVISIONALLY
        ):
            return _refused(LoginRefusal.ENDED)
        if seating.seat != seat:
            code = LoginRefusal.OTHER_SEAT if seating.id is None else LoginRefusal.ALREADY_IN
            return _refused(code, seat=self._hall.seats[seating.seat].label)
        if seating.session.state is not State.EXPECTED:
            return None
        armed = self._hall.subjects[subject.id].armed_start
        match times.doors(self._hall.rules, subject, armed, now):
            case times.TooEarly(opens=opens):
                return _refused(LoginRefusal.TOO_EARLY, at=opens)
            case times.TooLate(closed=closed):
                return _refused(LoginRefusal.TOO_LATE, at=closed)
            case times.Open():
                return None

    async def _grant(
        self,
        seating: Seating,
        subject: Subject,
        seat: str,
        certificate: str,
        request: LoginRequest,
        now: int,
    ) -> GrantGiven | LoginRefused:
        session = happen(seating.session, LoggedIn(at=now))
        paper = self._hall.paper(subject.id)
        if isinstance(session, NotNow) or paper is None:
            return _refused(LoginRefusal.NO_EXAM)
        seed = secrets.token_hex(16) if seating.grant is None else seating.grant.order_seed
        grant = Grant(
            appliance=self._box.appliance,
            generation=self._box.generation,
            centre=self._hall.manifest.centre,
            sitting=self._hall.sitting.id,
            subject=subject.id,
            room=self._hall.seats[seat].room,
            seat=seat,
            candidate=seating.candidate.id,
            session=seating.id or secrets.token_hex(16),
            epoch=seating.epoch + 1,
            seat_certificate=certificate,
            session_key=request.session_key,
            previous=seating.position,
            order_seed=seed,
            order=draw_order(paper.outline, seed),
            granted_at=now,
        )
        envelope = sign_grant(grant, self._box.key)
        size = len(records.stored(envelope))
        try:
            quota.check(seating.kept_bytes, size, seating.since or now, now)
        except OverQuotaError as error:
            _log.warning("%s: no further grant: %s", seating.candidate.id, error)
            return _refused(LoginRefusal.LOCKED, at=now + self._hall.rules.login.lock_s * 1000)
        start = start_position(grant, envelope.digest)

        def record(connection: records.Connection) -> None:
            records.insert_grant(connection, grant, envelope, start)
            records.append_leaf(connection, Granted(at=now, grant=envelope.digest))
            row = seating.row(session)
            records.put_seating(
                connection,
                records.SeatingRow(
                    candidate=row.candidate,
                    subject=row.subject,
                    id=grant.session,
                    epoch=grant.epoch,
                    seat=seat,
                    session=session,
                    distance=row.distance,
                ),
            )

        await self._database.write(record)
        if seating.grant is not None and seating.position is not None:
            self._journal.remember(seating.grant, seating.position)
        seating.session = session
        seating.kept_bytes += size
        self._hall.opened(seating, grant, start)
        return GrantGiven(grant=envelope, own_data=own_data(seating.candidate), seating=seating)


def own_data(candidate: Candidate) -> OwnData:
    """Return what the candidate is asked to confirm."""
    return OwnData(
        candidate=candidate.id,
        name=candidate.name,
        id_number=candidate.id_number,
        ticket_number=candidate.ticket_number,
        mobile=candidate.mobile,
        level=candidate.level,
        extra_minutes=candidate.extra_minutes,
    )


def _expected(candidate: Candidate, field: LoginField) -> str:
    match field:
        case LoginField.ID_NUMBER:
            return candidate.id_number
        case LoginField.ID_NUMBER_LAST4:
            return candidate.id_number[-4:]
        case LoginField.TICKET_NUMBER:
            return candidate.ticket_number
        case LoginField.PASSWORD:
            return candidate.password


def _same(typed: str, expected: str) -> bool:
    return bool(expected) and hmac.compare_digest(
        typed.strip().upper().encode(), expected.upper().encode()
    )


def _refused(
    code: LoginRefusal, *, at: int = 0, tries_left: int = 0, seat: str = ""
) -> LoginRefused:
    return seat_api.LoginRefused(code=code, at=at, tries_left=tries_left, seat=seat)
