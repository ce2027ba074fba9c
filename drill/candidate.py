"""A simulated candidate: goes the way that the page shows, and keeps a record of it.

The record is the drill's own, made from what the page replied: what was kept under which
event number, and how long it took. It is compared with the office's store at the end.

Rules:

1. An answer counts as typed once the page has called it kept; what the page could not say
   (its program was killed) is looked up when the page is there again, and done again where
   it does not stand there.
2. Whenever the page comes back, all that was kept must stand there, at the same question;
   what does not is a problem on record.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from drill.answers import Step, steps
from drill.errors import PageError
from drill.hall import Seated
from drill.page import PageGoneError, RefusedError, SeatPage
from exam.paper import Response
from terminal_agent import actions as do
from terminal_agent.view import FaceStage, LoginFieldName, PaperShown, ReasonCode, Screen, View

_AGAIN_S: Final = 0.3
_LATER: Final = {ReasonCode.OTHER_PAGE, ReasonCode.PAUSED, ReasonCode.DISK, ReasonCode.NOT_NOW}
"""Refusals after which the candidate tries again."""
_NOT_PAIRED: Final[dict[str, str]] = {
    ReasonCode.APPLIANCE_UNREACHED: "its box does not answer",
    ReasonCode.PAIRING_CLOSED: "its box has no pairing code out for it, or the code's time is over",
    ReasonCode.PAIRING_WRONG: "its box calls the pairing code wrong",
    ReasonCode.PAIRING_TAKEN: "another machine is paired as this seat with its box",
    ReasonCode.PAIRING_NOT_PROVED: "what answered did not prove that it knows the pairing code",
}
_OVER: Final = {Screen.HANDED_IN, Screen.COLLECTED, Screen.VOIDED, Screen.REFUSED, Screen.ENDED}


class TypedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer that the page called kept. ``event`` 0: the page was killed and had it."""

    item: str
    response: Response
    event: int


class Record(msgspec.Struct, kw_only=True):
    """What one candidate did and saw. Latencies in milliseconds."""

    seat: str
    id_number: str
    answers: list[TypedAnswer] = msgspec.field(default_factory=list)
    save_ms: list[float] = msgspec.field(default_factory=list)
    acknowledge_ms: list[float] = msgspec.field(default_factory=list)
    face_tries: int = 0
    ending: str = ""
    """The screen at the end."""
    receipt: str = ""
    reopened: int = 0
    """How often the page came back after its program was gone."""
    problems: list[str] = msgspec.field(default_factory=list)

    def final(self) -> dict[str, Response]:
        """Return each item's last response."""
        return {answer.item: answer.response for answer in self.answers}


class Candidate:
    """One person at one seat."""

    def __init__(self, seated: Seated, page: SeatPage, *, seed: str, pause_s: float = 1.0) -> None:
        self.seated: Final = seated
        self.page: Final = page
        self.record: Final = Record(seat=seated.seat, id_number=seated.person.id_number)
        self._seed: Final = f"{seed} {seated.seat}"
        self._pause_s: Final = pause_s
        self._waiting: dict[int, float] = {}
        self._current: str | None = None
        self._opened = 0
        self._marked: set[str] = set()
        page.on_view = self._seen

    def _seen(self, view: View) -> None:
        """Note which events the appliance has acknowledged by now."""
        now = time.monotonic()
        for event in [n for n in self._waiting if n <= view.saved.acknowledged]:
            self.record.acknowledge_ms.append((now - self._waiting.pop(event)) * 1000)

    # --- before the exam --------------------------------------------------------------------

    async def pair(self, code: str) -> None:
        """Type the pairing code at this seat, as staff do; wait where it is asked for."""
        await self.page.screen(Screen.PAIRING)
        while (wait_s := await self._paired_after(code)) is not None:  # noqa: ASYNC110 - as told
            await asyncio.sleep(wait_s)

    async def _paired_after(self, code: str) -> int | None:
        """Return None once paired, or how long the box asks to wait."""
        try:
            await self.page.act(do.Pair(code=code, seat=self.seated.seat))
        except RefusedError as error:
            wait_s = error.parameters.get("seconds")
            if error.code != ReasonCode.PAIRING_LATER or not isinstance(wait_s, int):
                why = _NOT_PAIRED.get(error.code, error.code)
                raise PageError(f"seat {self.seated.seat} could not be paired: {why}") from error
            return wait_s
        return None

    async def log_in(self, *, consents: bool | None = None) -> None:
        """Consent to the face check (None: where there is a camera), log in, confirm the data."""
        person = self.seated.person
        given = self.seated.camera is not None if consents is None else consents
        await self.page.screen(Screen.CONSENT)
        await self.page.act(do.Consent(given=given))
        await self.page.screen(Screen.LOGIN)
        fields = {
            LoginFieldName.ID_NUMBER: person.id_number,
            LoginFieldName.ID_NUMBER_LAST4: person.id_number[-4:],
        }
        await self.page.act(do.LogIn(fields=fields))
        view = await self.page.screen(Screen.OWN_DATA)
        shown = {row.value for row in view.own_data}
        if not {person.name, person.id_number} <= shown:
            self.record.problems.append(f"own data shows {sorted(shown)}, not {person.name}")
        await self.page.act(do.ConfirmOwnData(right=True))
        await self.page.until(lambda view: view.screen is not Screen.OWN_DATA, "what comes next")

    async def show_face(self) -> None:
        """Sit before the camera until the machine or a person has said who it is."""
        while True:
            view = await self.page.until(_face_moves, "the face check to go on")
            if view.screen is not Screen.FACE:
                return
            self.record.face_tries += 1
            await self.page.act(do.RetryFace())
            await self.page.until(lambda view: not _face_failed(view), "another look at the face")

    async def read_rules(self) -> None:
        """Confirm the rules, unless turned away before."""
        view = await self.page.screen(Screen.RULES, *_OVER)
        if view.screen is Screen.RULES:
            await self.page.act(do.RulesRead())
            await self.page.screen(Screen.WAITING, Screen.ANSWERING, *_OVER)

    @property
    def is_out(self) -> bool:
        """Whether this candidate's way has ended."""
        return self.page.view is not None and self.page.view.screen in _OVER

    # --- the exam ---------------------------------------------------------------------------

    async def write(self, enough: asyncio.Event) -> None:
        """Go through the paper until it is ``enough``, or until the paper is taken in."""
        view = await self.page.screen(Screen.ANSWERING, *_OVER)
        if view.screen in _OVER:
            return
        self._opened = self.page.opened
        paper = await self.page.paper()
        for step in steps(paper, self._seed, self._pause_s):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), step.pause_s)
                return
            if not await self._do(step):
                return

    async def all_acknowledged(self) -> None:
        """Return once the appliance has acknowledged all that was kept."""
        await self.page.until(
            lambda view: view.screen in _OVER or view.saved.acknowledged == view.saved.on_disk,
            "all acknowledged",
        )

    async def _do(self, step: Step) -> bool:
        """Do one step until it is kept; say whether the candidate may go on."""
        while True:
            view = await self.page.screen(Screen.ANSWERING, *_OVER)
            if view.screen in _OVER:
                return False
            try:
                if self.page.opened != self._opened and await self._looked_again(step):
                    return True
                await self._keep(step)
            except PageGoneError:
                continue
            except RefusedError as error:
                if error.code not in _LATER:
                    return False
                await asyncio.sleep(_AGAIN_S)
            else:
                return True

    async def _keep(self, step: Step) -> None:
        began = time.monotonic()
        event = await self.page.act(step.action)
        self.record.save_ms.append((time.monotonic() - began) * 1000)
        self._waiting[event] = began
        self._note(step, event)

    def _note(self, step: Step, event: int) -> None:
        match step.action:
            case do.Answer(item=item, response=response):
                typed = TypedAnswer(item=item, response=response, event=event)
                self.record.answers.append(typed)
            case do.GoTo(item=item):
                self._current = item
            case do.Mark(item=item, marked=marked):
                (self._marked.add if marked else self._marked.discard)(item)

    async def _looked_again(self, step: Step) -> bool:
        """Compare what the page shows after it came back; say whether ``step`` stands there."""
        opened = self.page.opened
        paper = await self.page.paper()
        self._opened = opened
        self.record.reopened += 1
        if _stands(step, paper) and not self._stood(step):
            self._note(step, 0)
        expected = self.record.final()
        for item in expected.keys() | paper.responses.keys():
            if expected.get(item) != paper.responses.get(item):
                self.record.problems.append(
                    f"after the page came back, item {item} holds {paper.responses.get(item)}, "
                    f"not {expected.get(item)}"
                )
        if paper.current != self._current:
            self.record.problems.append(
                f"after the page came back, it stands at {paper.current}, not {self._current}"
            )
        return self._stood(step)

    def _stood(self, step: Step) -> bool:
        """Say whether the record has this step as its last word on its item."""
        match step.action:
            case do.Answer(item=item, response=response):
                return self.record.final().get(item) == response
            case do.GoTo(item=item):
                return self._current == item
            case do.Mark(item=item, marked=marked):
                return (item in self._marked) is marked

    # --- the end ----------------------------------------------------------------------------

    async def hand_in(self) -> None:
        """Hand in, where the own end has not done it already."""
        await self._try(lambda: self.page.act(do.HandIn()))

    async def _try(self, act: Callable[[], Awaitable[int]]) -> None:
        while True:
            view = await self.page.screen(Screen.ANSWERING, *_OVER)
            if view.screen in _OVER:
                return
            try:
                await act()
            except PageGoneError:
                continue
            except RefusedError as error:
                if error.code not in _LATER:
                    raise
                await asyncio.sleep(_AGAIN_S)

    async def take_receipt(self, seconds: float = 60) -> None:
        """Wait for the receipt where something was handed in, and copy its code."""
        view = await self.page.until(
            lambda view: view.screen in _OVER - {Screen.HANDED_IN} or _receipt(view) != "",
            "the receipt",
            seconds,
        )
        self.record.ending, self.record.receipt = view.screen.value, _receipt(view)


def _face_moves(view: View) -> bool:
    return view.screen is not Screen.FACE or _face_failed(view)


def _face_failed(view: View) -> bool:
    return view.face is not None and view.face.stage is FaceStage.FAILED


def _receipt(view: View) -> str:
    if view.hand_in is None or view.hand_in.receipt is None:
        return ""
    return view.hand_in.receipt.code


def _stands(step: Step, paper: PaperShown) -> bool:
    match step.action:
        case do.Answer(item=item, response=response):
            return paper.responses.get(item) == response
        case do.GoTo(item=item):
            return paper.current == item
        case do.Mark(item=item, marked=marked):
            return (item in paper.marked) is marked
