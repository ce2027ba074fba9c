"""A seat in memory, honest about outcomes: what the page's tests drive.

It keeps the way through `ksj` (consent, log-in, own data, face, rules, waiting,
answering, handed in), an append-only list of events as its disk, and acknowledges only
when told to. Faults are words: ``disk_full``, ``cut()``, ``restore()``.
"""

import asyncio
import io
import time
from typing import Any, assert_never

import msgspec
from PIL import Image, ImageDraw

from exam.paper import MismatchError, Paper, Response, check_fits, is_empty
from terminal_agent import actions as do
from terminal_agent.view import (
    AssetShown,
    CandidateShown,
    Counts,
    DataName,
    DataRow,
    FaceHint,
    FaceShown,
    FaceStage,
    HallLink,
    HandInShown,
    LeaveShown,
    LoginField,
    LoginFieldName,
    LoginForm,
    Notice,
    PaperShown,
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
    Words,
)
from tests.unit.terminal_agent.sample_paper import CHART, CHART_NAME, PAPER, order_of

NINE = 1_767_229_200_000
"""2026-01-01 09:00 in Shanghai, hall ms."""
MINUTE = 60_000
ID_NUMBER = "11010519491231002X"

SITTING = SittingShown(
    title="《碳排放管理师专业技能综合考试》—1.19",
    subject="碳排放管理师专业技能综合考试（中级）",
    issuer="中国节能协会",
    window_opens=NINE,
    window_closes=NINE + 120 * MINUTE,
    duration_s=90 * 60,
)
CANDIDATE = CandidateShown(name="张三", account=ID_NUMBER, cameras=1)
FORM = LoginForm(
    fields=(
        LoginField(name=LoginFieldName.ID_NUMBER, length=18),
        LoginField(name=LoginFieldName.ID_NUMBER_LAST4, length=4),
    ),
    tries_left=5,
)
OWN_DATA = (
    DataRow(name=DataName.NAME, value="张三"),
    DataRow(name=DataName.ID_NUMBER, value=ID_NUMBER),
    DataRow(name=DataName.SUBJECT, value=SITTING.subject),
    DataRow(name=DataName.SEAT, value="A-07"),
)
RULES = (
    Words(zh="考试全程录像，请保持人脸在画面之内。", en="The exam is recorded. Stay in view."),
    Words(zh="考试期间不允许切屏；切屏会被记录。", en="Do not leave the exam screen."),
    Words(zh="开考三十分钟后方可交卷。", en="You may hand in 30 minutes after the start."),
)


def portrait() -> bytes:
    """A drawn head and shoulders, as JPEG."""
    picture = Image.new("RGB", (640, 480), (196, 206, 214))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((180, 300, 460, 620), fill=(52, 73, 94))
    pen.ellipse((235, 95, 405, 325), fill=(224, 188, 160))
    pen.pieslice((225, 70, 415, 260), 180, 360, fill=(40, 32, 28))
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


class ScriptedSeat:
    """Implements `terminal_agent.actions.SeatModel`."""

    def __init__(self, paper: Paper = PAPER, *, start: int = NINE - 20 * MINUTE) -> None:
        self.take(paper)
        self._started = time.monotonic()
        self._start = start
        self._waiting: set[asyncio.Event] = set()
        self.events: list[do.Action] = []
        self.acts: list[do.Action] = []
        self.responses: dict[str, Response] = {}
        self.marked: set[str] = set()
        self.current: str | None = None
        self.disk_full = False
        self.goes_back = True
        """Whether wrong own data lead back to the log-in, or keep the candidate for staff."""
        self.auto_acknowledge = True
        self.picture: bytes | None = portrait()
        self.gate = asyncio.Event()
        """While cleared, no action is finished: a slow disk."""
        self.gate.set()
        self.shown = View(
            version=1,
            screen=Screen.CONSENT,
            hall_time=None,
            hall_link=HallLink.REACHED,
            place=Place(seat="A-07", room="第一考场", centre="示例考点"),
            sitting=SITTING,
            targets=Targets(
                doors_open=NINE - 30 * MINUTE,
                opens=NINE,
                armed=True,
                login_closes=NINE + 30 * MINUTE,
            ),
        )

    def take(self, paper: Paper) -> None:
        """Have this paper, before it is opened."""
        self._paper = paper
        self._items = {item.id: item for item in paper.items}

    # --- words of the tests ----------------------------------------------------------------

    def hall_time(self) -> int:
        return self._start + round((time.monotonic() - self._started) * 1000)

    def set_hall_time(self, at: int) -> None:
        self._start, self._started = at, time.monotonic()
        self.change()

    def change(self, **fields: Any) -> None:
        self.shown = msgspec.structs.replace(self.shown, version=self.shown.version + 1, **fields)
        for event in self._waiting:
            event.set()

    def cut(self) -> None:
        self.auto_acknowledge = False
        self.change(hall_link=HallLink.LOST)

    def restore(self) -> None:
        self.auto_acknowledge = True
        self.change(hall_link=HallLink.REACHED)
        self.acknowledge()

    def acknowledge(self) -> None:
        self.change(saved=Saved(on_disk=len(self.events), acknowledged=len(self.events)))

    def notify(self, name: str, text: str, *, must_confirm: bool = True) -> None:
        notice = Notice(id=name, text=text, at=self.hall_time(), must_confirm=must_confirm)
        self.change(notices=(*self.shown.notices, notice))

    def seat_candidate(self, screen: Screen, **fields: Any) -> None:
        """Go to ``screen`` as a candidate who came the whole way."""
        whole = {
            "screen": screen,
            "candidate": CANDIDATE,
            "own_data": OWN_DATA,
            "rules": RULES,
            "login": FORM,
            "recording_since": NINE - 10 * MINUTE,
        }
        self.change(**(whole | fields))

    def open_paper(self, at: int = NINE + 45 * MINUTE) -> None:
        """Let the candidate sit before the open paper at hall time ``at``."""
        self.set_hall_time(at)
        self.seat_candidate(
            Screen.ANSWERING,
            targets=Targets(
                opens=NINE, ends=NINE + 90 * MINUTE, earliest_hand_in=NINE + 30 * MINUTE
            ),
            leaves=LeaveShown(count=0, limit=10),
        )

    def move_end(self, ends: int) -> None:
        self.change(targets=msgspec.structs.replace(self.shown.targets, ends=ends))

    def pause(self) -> None:
        self.change(screen=Screen.PAUSED, paused=PausedShown(since=self.hall_time()))

    def hand_in_now(self, *, leave_in: int | None = 60_000) -> None:
        """Hand in; with ``leave_in`` ms until the page leaves, or provisional without."""
        now = self.hall_time()
        shown = HandInShown(at=now, counts=self.counts())
        self.change(screen=Screen.HANDED_IN, hand_in=shown)
        if leave_in is not None:
            self.confirm_hand_in(leave_in=leave_in)

    def confirm_hand_in(self, *, leave_in: int = 60_000) -> None:
        """Let the appliance's receipt arrive."""
        assert self.shown.hand_in is not None
        now = self.hall_time()
        receipt = ReceiptShown(code="K7QF3MZP9XW2RT4HB8ND", at=now, events=len(self.events))
        shown = msgspec.structs.replace(
            self.shown.hand_in, receipt=receipt, leave_at=now + leave_in
        )
        self.change(hand_in=shown)

    def counts(self) -> Counts:
        answered = sum(not is_empty(response) for response in self.responses.values())
        return Counts(total=len(self._items), answered=answered, marked=len(self.marked))

    # --- SeatModel -------------------------------------------------------------------------

    def view(self) -> View:
        return msgspec.structs.replace(self.shown, hall_time=self.hall_time())

    async def wait_change(self, seen: int) -> None:
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            if self.shown.version == seen:
                await event.wait()
        finally:
            self._waiting.discard(event)

    def paper(self) -> PaperShown | None:
        if self.shown.screen not in {Screen.ANSWERING, Screen.PAUSED}:
            return None
        return PaperShown(
            paper=self._paper,
            order=order_of(self._paper),
            responses=self.responses,
            marked=tuple(sorted(self.marked)),
            current=self.current,
        )

    def asset(self, name: str) -> AssetShown | None:
        return AssetShown(media_type="image/png", content=CHART) if name == CHART_NAME else None

    async def own_picture(self) -> bytes | None:
        return self.picture

    async def act(  # noqa: C901 - one arm per action
        self, action: do.Action
    ) -> do.Outcome:
        self.acts.append(action)
        self.change()
        await self.gate.wait()
        match action:
            case do.Answer() | do.Mark() | do.GoTo():
                return self._write(action)
            case do.Consent(given=given):
                return self._go(Screen.LOGIN if given else Screen.REFUSED, login=FORM)
            case do.LogIn(fields=fields):
                return self._log_in(fields)
            case do.ConfirmOwnData(right=right):
                return self._own_data(right=right)
            case do.RetryFace():
                return self._go(Screen.RULES, rules=RULES)
            case do.AskStaffForFace():
                return self._go(Screen.FACE, face=FaceShown(stage=FaceStage.STAFF))
            case do.RulesRead():
                return self._go(Screen.WAITING)
            case do.Begin():
                self.open_paper(NINE)
                return do.Done()
            case do.SetLetterSize(size=size):
                return self._set(letter_size=size)
            case do.SetLanguage(language=language):
                return self._set(language=language)
            case do.RaiseHand(raised=raised):
                return self._set(hand_raised=raised)
            case do.ConfirmNotice(id=id):
                left = tuple(notice for notice in self.shown.notices if notice.id != id)
                return self._set(notices=left)
            case do.ScreenLeft():
                return do.Done()
            case do.Pair(code=code):
                return self._pair(code)
            case do.HandIn():
                return self._hand_in()
            case do.LeaveHall():
                return self._go(Screen.ENDED)
            case _:
                assert_never(action)

    def _set(self, **fields: Any) -> do.Outcome:
        self.change(**fields)
        return do.Done()

    def _go(self, screen: Screen, **fields: Any) -> do.Outcome:
        return self._set(screen=screen, **fields)

    def _pair(self, code: str) -> do.Outcome:
        if code != "123456789":
            return do.Refused(reason=Reason(code=ReasonCode.PAIRING_WRONG))
        return self._go(Screen.CLOSED)

    def _log_in(self, fields: dict[LoginFieldName, str]) -> do.Outcome:
        right = {
            LoginFieldName.ID_NUMBER: ID_NUMBER,
            LoginFieldName.ID_NUMBER_LAST4: ID_NUMBER[-4:],
        }
        if fields == right:
            return self._go(Screen.OWN_DATA, candidate=CANDIDATE, own_data=OWN_DATA)
        assert self.shown.login is not None
        left = (self.shown.login.tries_left or 1) - 1
        self.change(login=msgspec.structs.replace(FORM, tries_left=left))
        return do.Refused(
            reason=Reason(code=ReasonCode.LOGIN_WRONG, parameters={"tries_left": left})
        )

    def _own_data(self, *, right: bool) -> do.Outcome:
        if not right and not self.goes_back:
            return self._set(hand_raised=True)
        if not right:
            return self._go(Screen.LOGIN, candidate=None, login=FORM)
        face = FaceShown(stage=FaceStage.FAILED, hints=(FaceHint.TOO_DARK,), tries_left=2)
        return self._go(Screen.FACE, face=face)

    def _write(self, action: do.Answer | do.Mark | do.GoTo) -> do.Outcome:
        if self.disk_full:
            return do.NotKept(reason=Reason(code=ReasonCode.DISK))
        if self.shown.screen is Screen.PAUSED:
            return do.Refused(reason=Reason(code=ReasonCode.PAUSED))
        if self.shown.screen in {Screen.SEARCHING, Screen.WAITING}:
            return do.Refused(reason=Reason(code=ReasonCode.PAPER_MISSING))
        if self.shown.screen is not Screen.ANSWERING:
            return do.Refused(reason=Reason(code=ReasonCode.TIME_OVER))
        match action:
            case do.Answer(item=item, response=response):
                try:
                    check_fits(self._items[item], response)
                except MismatchError:
                    return do.Refused(reason=Reason(code=ReasonCode.MISMATCH))
                self.responses[item] = response
            case do.Mark(item=item, marked=marked):
                (self.marked.add if marked else self.marked.discard)(item)
            case do.GoTo(item=item):
                self.current = item
        self.events.append(action)
        acknowledged = len(self.events) if self.auto_acknowledge else self.shown.saved.acknowledged
        self.change(saved=Saved(on_disk=len(self.events), acknowledged=acknowledged))
        return do.Kept(event=len(self.events))

    def _hand_in(self) -> do.Outcome:
        now, earliest = self.hall_time(), self.shown.targets.earliest_hand_in
        if earliest is not None and now < earliest:
            reason = Reason(code=ReasonCode.HAND_IN_EARLY, parameters={"at": earliest})
            return do.Refused(reason=reason)
        reached = self.shown.hall_link is HallLink.REACHED
        self.hand_in_now(leave_in=60_000 if reached else None)
        return do.Done()
