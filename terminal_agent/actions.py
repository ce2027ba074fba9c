"""What the candidate's page can do, and what the loopback server asks of the seat.

Each thing done is one `Action`, answered by one `Outcome`; `SeatModel` is implemented
by the seat, and by the tests' own seat. An action never says who did it: there is one
candidate and one page.
"""

from typing import Final, Protocol

import msgspec

from exam.identifiers import Label
from exam.paper import Response
from terminal_agent.view import (
    AssetShown,
    Language,
    LetterSize,
    LoginFieldName,
    PaperShown,
    Reason,
    ReasonCode,
    View,
)


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen value whose unknown fields are refused."""


class _Action(_Value, frozen=True, kw_only=True, tag_field="do"):
    """One thing that the candidate did."""


class Pair(_Action, frozen=True, kw_only=True, tag="pair"):
    """Staff typed the pairing code at this seat, and the seat's label where it was asked."""

    code: str
    seat: str = ""


class Consent(_Action, frozen=True, kw_only=True, tag="consent"):
    """Consent to face comparison and recording, given or refused."""

    given: bool


class LogIn(_Action, frozen=True, kw_only=True, tag="log_in"):
    """The log-in form, by field."""

    fields: dict[LoginFieldName, str]


class ConfirmOwnData(_Action, frozen=True, kw_only=True, tag="own_data"):
    """Own data right (go on) or wrong (back, and staff hear of it)."""

    right: bool


class RetryFace(_Action, frozen=True, kw_only=True, tag="face_retry"):
    """Look again."""


class AskStaffForFace(_Action, frozen=True, kw_only=True, tag="face_staff"):
    """Let the invigilator decide by eye."""


class RulesRead(_Action, frozen=True, kw_only=True, tag="rules_read"):
    """I have read the rules."""


class Begin(_Action, frozen=True, kw_only=True, tag="begin"):
    """Open the paper, where the rule book wants a click."""


class Answer(_Action, frozen=True, kw_only=True, tag="answer"):
    """The whole response to one item; answered by `Kept` when it is on disk."""

    item: Label
    response: Response


class Mark(_Action, frozen=True, kw_only=True, tag="mark"):
    """Flag an item as doubtful, or take the flag off; answered by `Kept`."""

    item: Label
    marked: bool


class GoTo(_Action, frozen=True, kw_only=True, tag="go_to"):
    """The item that stands before the candidate; answered by `Kept`."""

    item: Label


class SetLetterSize(_Action, frozen=True, kw_only=True, tag="letter_size"):
    """Choose a letter size."""

    size: LetterSize


class SetLanguage(_Action, frozen=True, kw_only=True, tag="language"):
    """Choose the language of the page's own words."""

    language: Language


class RaiseHand(_Action, frozen=True, kw_only=True, tag="hand"):
    """Ask for the invigilator, with words if the candidate likes, or take the hand down."""

    raised: bool
    words: str = ""


class ConfirmNotice(_Action, frozen=True, kw_only=True, tag="notice"):
    """The candidate has read a notice."""

    id: str


class ScreenLeft(_Action, frozen=True, kw_only=True, tag="screen"):
    """The page lost the screen (``away``) or has it back; the seat counts by the rule book."""

    away: bool


class HandIn(_Action, frozen=True, kw_only=True, tag="hand_in"):
    """Hand in; there is no way back."""


class LeaveHall(_Action, frozen=True, kw_only=True, tag="leave_hall"):
    """The candidate is done with this seat."""


Action = (
    Pair
    | Consent
    | LogIn
    | ConfirmOwnData
    | RetryFace
    | AskStaffForFace
    | RulesRead
    | Begin
    | Answer
    | Mark
    | GoTo
    | SetLetterSize
    | SetLanguage
    | RaiseHand
    | ConfirmNotice
    | ScreenLeft
    | HandIn
    | LeaveHall
)


class Done(_Value, frozen=True, kw_only=True):
    """It is done, and the next view shows what came of it."""


class Kept(_Value, frozen=True, kw_only=True):
    """It is on this seat's disk, as event number ``event`` (compare `Saved.acknowledged`)."""

    event: int


class Refused(_Value, frozen=True, kw_only=True):
    """It was not done, for a reason that the candidate is told."""

    reason: Reason


class NotKept(_Value, frozen=True, kw_only=True):
    """The disk did not take it: the page keeps it and tries again."""

    reason: Reason


Outcome = Done | Kept | Refused | NotKept

NOT_NOW: Final = Refused(reason=Reason(code=ReasonCode.NOT_NOW))
"""The action does not belong to the present screen: pages come late, and twice."""


# --- what the loopback server asks of the seat -------------------------------------------


class SeatModel(Protocol):
    """The seat as the page sees it. All methods are called on the event loop."""

    def view(self) -> View:
        """Return the state now, with ``hall_time`` sampled now."""
        ...

    async def wait_change(self, seen: int) -> None:
        """Return once `View.version` differs from ``seen``; at once if it does already."""
        ...

    def paper(self) -> PaperShown | None:
        """Return the open paper with what was answered, ``None`` before the release."""
        ...

    def asset(self, name: str) -> AssetShown | None:
        """Return a picture of the open paper, ``None`` where the paper names none such."""
        ...

    async def own_picture(self) -> bytes | None:
        """Return the newest camera picture as JPEG, ``None`` where there is none."""
        ...

    async def act(self, action: Action) -> Outcome:
        """Do it. `Kept` is returned only when the event is durable on this seat's disk."""
        ...
