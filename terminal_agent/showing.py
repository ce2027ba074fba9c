"""From what the seat knows to what the page shows. Pure: one state and one moment give one view."""

import re
from typing import Final

from exam import times
from exam.paper import ExtendedText, TextEntry
from exam.rulebook import Begin
from exam.rulebook import LoginField as RuleField
from exam.session import State
from exam.sitting import Subject
from protocol import seat_api
from protocol.seat_api import LoginRefusal, LoginRefused
from terminal_agent.progress import Progress
from terminal_agent.rule_words import rule_words
from terminal_agent.session import SeatSession
from terminal_agent.state import Eyes, SeatState
from terminal_agent.trust import TrustedHall
from terminal_agent.view import (
    CandidateShown,
    Counts,
    DataName,
    DataRow,
    FaceHint,
    FaceShown,
    FaceStage,
    HandInShown,
    LeaveShown,
    LoginField,
    LoginFieldName,
    LoginForm,
    Notice,
    PairingShown,
    PausedShown,
    Place,
    Reason,
    ReasonCode,
    ReceiptShown,
    Saved,
    Screen,
    SittingShown,
    Targets,
    View,
)

_ENDED: Final = {
    State.HANDED_IN: Screen.HANDED_IN,
    State.HANDED_IN_PROVISIONALLY: Screen.HANDED_IN,
    State.COLLECTED: Screen.COLLECTED,
    State.VOIDED: Screen.VOIDED,
    State.REFUSED: Screen.REFUSED,
    State.ABSENT: Screen.REFUSED,
    State.PAUSED: Screen.PAUSED,
}
_LOGIN: Final = {
    LoginRefusal.WRONG: ReasonCode.LOGIN_WRONG,
    LoginRefusal.LOCKED: ReasonCode.LOGIN_LOCKED,
    LoginRefusal.TOO_EARLY: ReasonCode.DOORS_CLOSED,
    LoginRefusal.TOO_LATE: ReasonCode.LOGIN_LATE,
    LoginRefusal.OTHER_SEAT: ReasonCode.OTHER_SEAT,
    LoginRefusal.ALREADY_IN: ReasonCode.ALREADY_IN,
    LoginRefusal.ENDED: ReasonCode.ALREADY_HANDED_IN,
    LoginRefusal.OTHER_EXAM: ReasonCode.OTHER_EXAM,
    LoginRefusal.NO_EXAM: ReasonCode.NO_EXAM,
}
FIELDS: Final = {
    RuleField.ID_NUMBER: LoginField(name=LoginFieldName.ID_NUMBER, length=18),
    RuleField.ID_NUMBER_LAST4: LoginField(
        name=LoginFieldName.ID_NUMBER_LAST4, length=4, secret=True
    ),
    RuleField.TICKET_NUMBER: LoginField(name=LoginFieldName.TICKET_NUMBER),
    RuleField.PASSWORD: LoginField(name=LoginFieldName.PASSWORD, secret=True),
}
"""What the page asks for each field of a rule book."""


_PICTURE: Final = re.compile(r"assets/([0-9a-f]{64}\.[a-z0-9]{1,5})")


def view_of(seat: SeatState, eyes: Eyes, now: int | None) -> View:
    """Return what the page shows. ``now`` is hall time, None before the first heartbeat."""
    screen = screen_of(seat, now)
    session = seat.session
    progress = None if session is None else session.progress
    hall, subject = seat.hall, seat.current_subject()
    return View(
        version=seat.version,
        screen=screen,
        hall_time=now,
        hall_link=seat.reached,
        place=_place(seat),
        time_zone="Asia/Shanghai" if hall is None else hall.sitting.time_zone,
        language=seat.language,
        letter_size=seat.letter_size,
        saved=Saved()
        if session is None
        else Saved(on_disk=session.n, acknowledged=session.acknowledged),
        sitting=None if hall is None or subject is None else _sitting(hall, subject),
        candidate=None if session is None else _candidate(session, eyes),
        targets=_targets(seat, now),
        reason=_reason(seat, now),
        notices=() if progress is None else _notices(progress),
        hand_raised=progress is not None and progress.hand_raised,
        trouble=seat.trouble,
        has_camera=eyes.is_wanted,
        recording_since=eyes.recording_since,
        pairing=PairingShown(asks_seat=not seat.seat, hint=seat.seat)
        if screen is Screen.PAIRING
        else None,
        login=_login_form(seat),
        own_data=() if session is None else _own_data(session, subject, seat),
        face=_face(seat, eyes),
        rules=() if hall is None else rule_words(hall.rules, camera=eyes.is_wanted),
        begins_by_click=hall is not None and hall.rules.begin.how is Begin.BY_CLICK,
        paused=_paused(progress),
        leaves=_leaves(hall, progress),
        hand_in=_hand_in(seat, session),
        ahead=_ahead(seat) if screen is Screen.ANSWERING else (),
    )


def screen_of(seat: SeatState, now: int | None) -> Screen:
    """Return which screen stands before the candidate."""
    if not seat.paired:
        return Screen.PAIRING if seat.appliance_seen else Screen.SEARCHING
    if seat.hall is None or now is None:
        return Screen.SEARCHING
    if seat.left:
        return Screen.ENDED
    session = seat.session
    if session is None:
        return _screen_before(seat, now)
    state = session.progress.session.state
    if state in _ENDED:
        return _ENDED[state]
    if session.progress.own_data_right is not True:
        return Screen.OWN_DATA
    if state is State.SEATED:
        return Screen.FACE
    if state is State.IDENTIFIED:
        return Screen.RULES
    if state is State.WAITING or seat.paper is None:
        return Screen.WAITING
    return Screen.ANSWERING


def _screen_before(seat: SeatState, now: int) -> Screen:
    subject = seat.current_subject()
    if seat.hall is None or subject is None:
        return Screen.ENDED
    match times.doors(seat.hall.rules, subject, seat.armed_start(), now):
        case times.TooEarly():
            return Screen.CLOSED
        case times.TooLate():
            return Screen.REFUSED
        case times.Open():
            return Screen.CONSENT if seat.consent is None else Screen.LOGIN


def _place(seat: SeatState) -> Place:
    if seat.hall is None:
        return Place(seat=seat.seat.upper())  # as the desk has it; the name is in small letters
    hall = seat.hall
    return Place(seat=hall.seat.label, room=hall.room.title, centre=hall.manifest.centre)


def _sitting(hall: TrustedHall, subject: Subject) -> SittingShown:
    return SittingShown(
        title=hall.sitting.title,
        subject=subject.title,
        issuer=hall.sitting.issuer,
        window_opens=subject.opens,
        window_closes=subject.closes,
        duration_s=subject.duration_s,
        mock=hall.sitting.kind == "mock",
    )


def _candidate(session: SeatSession, eyes: Eyes) -> CandidateShown:
    own = session.own_data
    return CandidateShown(name=own.name, account=own.id_number, cameras=eyes.cameras)


def _targets(seat: SeatState, now: int | None) -> Targets:
    subject, hall = seat.current_subject(), seat.hall
    if subject is None or hall is None or now is None:
        return Targets()
    armed = seat.armed_start()
    start = times.start_of(subject, armed)
    ends = None
    if seat.session is not None:
        session = seat.session
        extra = session.own_data.extra_minutes * 60_000
        ends = times.own_end(subject, armed, session.progress.session, extra, now)
    return Targets(
        doors_open=start - hall.rules.doors.open_before_s * 1000,
        opens=start,
        armed=armed is not None,
        login_closes=min(
            start + hall.rules.doors.late_after_s * 1000, times.window_end(subject, armed)
        ),
        earliest_hand_in=times.earliest_hand_in(hall.rules, subject, armed),
        ends=ends,
    )


def login_reason(refused: LoginRefused) -> Reason:
    """Return why a log-in was refused, as the page says it."""
    parameters: dict[str, int | str] = {}
    if refused.at:
        parameters["at"] = refused.at
    if refused.code is LoginRefusal.WRONG:
        parameters["tries_left"] = refused.tries_left
    if refused.seat:
        parameters["seat"] = refused.seat
    return Reason(code=_LOGIN[refused.code], parameters=parameters)


def _reason(seat: SeatState, now: int | None) -> Reason | None:
    if seat.fault is not None:
        return seat.fault
    subject, hall = seat.current_subject(), seat.hall
    state = seat.state()
    words = "" if seat.session is None else seat.session.progress.words
    if state is State.COLLECTED:
        return Reason(code=ReasonCode.COLLECTED_BY_STAFF, words=words)
    if state is State.VOIDED:
        return Reason(code=ReasonCode.VOIDED_BY_STAFF, words=words)
    if state is State.REFUSED:
        return Reason(code=ReasonCode.FACE_REFUSED, words=words)
    if seat.session is None and subject is not None and hall is not None and now is not None:
        match times.doors(hall.rules, subject, seat.armed_start(), now):
            case times.TooEarly(opens=opens):
                return Reason(code=ReasonCode.DOORS_CLOSED, parameters={"at": opens})
            case times.TooLate(closed=closed):
                return Reason(code=ReasonCode.LOGIN_LATE, parameters={"at": closed})
            case times.Open() if seat.login_refused is not None:
                return login_reason(seat.login_refused)
            case times.Open():
                wrong = Reason(code=ReasonCode.OWN_DATA_WRONG)
                return wrong if seat.own_data_wrong else None
    return None


def _notices(progress: Progress) -> tuple[Notice, ...]:
    return tuple(
        Notice(id=said.digest, text=said.text, at=said.at, must_confirm=said.must_confirm)
        for said in sorted(progress.notices.values(), key=lambda n: n.at)
    )


def _login_form(seat: SeatState) -> LoginForm | None:
    if seat.hall is None:
        return None
    refused = seat.login_refused
    left = refused.tries_left if refused and refused.code is LoginRefusal.WRONG else None
    fields = tuple(FIELDS[name] for name in seat.hall.rules.login.fields)
    return LoginForm(fields=fields, tries_left=left)


def _own_data(
    session: SeatSession, subject: Subject | None, seat: SeatState
) -> tuple[DataRow, ...]:
    own = session.own_data
    label = "" if seat.hall is None else seat.hall.seat.label
    rows = [
        (DataName.NAME, own.name),
        (DataName.ID_NUMBER, own.id_number),
        (DataName.TICKET_NUMBER, own.ticket_number),
        (DataName.MOBILE, own.mobile),
        (DataName.LEVEL, own.level),
        (DataName.SUBJECT, "" if subject is None else subject.title),
        (DataName.SEAT, label),
        (DataName.EXTRA_MINUTES, str(own.extra_minutes) if own.extra_minutes else ""),
    ]
    return tuple(DataRow(name=name, value=value) for name, value in rows if value)


def _face(seat: SeatState, eyes: Eyes) -> FaceShown | None:
    if seat.session is None:
        return None
    no_camera = () if eyes.cameras else (FaceHint.NO_CAMERA,)
    said = seat.face
    if said is None:
        return FaceShown(stage=FaceStage.LOOKING, hints=no_camera)
    stage = {
        seat_api.FaceStage.LOOKING: FaceStage.LOOKING,
        seat_api.FaceStage.FAILED: FaceStage.FAILED,
        seat_api.FaceStage.STAFF: FaceStage.STAFF,
    }[said.stage]
    known = {hint.value: hint for hint in FaceHint}
    hints = tuple(known[hint] for hint in said.hints if hint in known) or no_camera
    return FaceShown(stage=stage, hints=hints, tries_left=said.tries_left)


def _paused(progress: Progress | None) -> PausedShown | None:
    if progress is None or progress.session.paused_since is None:
        return None
    return PausedShown(since=progress.session.paused_since)


def _leaves(hall: TrustedHall | None, progress: Progress | None) -> LeaveShown | None:
    if hall is None or progress is None:
        return None
    rules = hall.rules.leaving_screen
    left = progress.left_at
    back_by = None if left is None else left + rules.grace_s * 1000
    return LeaveShown(count=progress.session.leaves, limit=rules.limit, back_by=back_by)


def counts_of(seat: SeatState) -> Counts:
    """Return how the paper stands."""
    if seat.session is None:
        return Counts(total=0, answered=0, marked=0)
    progress = seat.session.progress
    total = len(seat.session.grant.order)
    return Counts(total=total, answered=progress.answered(), marked=len(progress.marked))


def _ahead(seat: SeatState) -> tuple[str, ...]:
    """Return the pictures of the current question, in their order."""
    if seat.session is None or seat.paper is None or not seat.session.grant.order:
        return ()
    current = seat.session.progress.current or seat.session.grant.order[0].item
    item = next((item for item in seat.paper.paper.items if item.id == current), None)
    if item is None:
        return ()
    options = () if isinstance(item, TextEntry | ExtendedText) else item.options
    contents = (item.body, *(option.content for option in options))
    named = (name for content in contents for name in _PICTURE.findall(content))
    return tuple(name for name in dict.fromkeys(named) if name in seat.paper.assets)


def _hand_in(seat: SeatState, session: SeatSession | None) -> HandInShown | None:
    if session is None or session.progress.handed_in is None:
        return None
    event, receipt = session.progress.handed_in, session.receipt
    shown = None
    if receipt is not None:
        shown = ReceiptShown(
            code=receipt.code.replace("-", ""), at=event.hall, events=session.acknowledged
        )
    leave_s = 60 if seat.hall is None else seat.hall.rules.end.leave_hall_s
    total = event.answered + event.unanswered
    return HandInShown(
        at=event.hall,
        counts=Counts(total=total, answered=event.answered, marked=event.marked),
        receipt=shown,
        leave_at=None if shown is None else session.receipt_at + leave_s * 1000,
    )
