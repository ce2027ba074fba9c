"""What core answers where it does not do what it was asked: a code, and words in both languages.

Raised where it is noticed, turned into the reply at one place (`appliance.core.acts`). What
came from another machine and does not hold stays a `ProtocolError`.
"""

from typing import Final

from appliance.core import messages as m
from appliance.ipc.words import STATE, Language, Text
from exam.session import NotNow
from protocol.fault_words import say_briefly
from protocol.staff_api import ActRefusal, ActRefused


class RefusedError(Exception):
    """An act that is not done; says what was expected, what came, what to do.

    ``at``: for `ActRefusal.WAIT` the hall time from which another code may be tried.
    """

    def __init__(self, code: ActRefusal, text: Text, /, *, at: int = 0, **values: object) -> None:
        self.code: Final = code
        self._text = text
        self._at = at
        self._values = values
        super().__init__(self.say(Language.EN))

    def say(self, language: Language) -> str:
        """Return the reason in a language."""
        return say(self._text, language, **self._values)

    def reply(self) -> ActRefused:
        """Return what is sent."""
        return ActRefused(
            code=self.code,
            text=self.say(Language.EN),
            text_zh=self.say(Language.ZH),
            at=self._at,
        )


class NotPossibleError(RefusedError):
    """The hall does not stand so that this could be done: also met outside of acts."""

    def __init__(self, text: Text, /, **values: object) -> None:
        super().__init__(ActRefusal.NOT_NOW, text, at=0, **values)


def say(text: Text, language: Language, **values: object) -> str:
    """Return a message whose values may be messages, lists of them, or what was raised."""
    return text.say(language, **{name: _said(value, language) for name, value in values.items()})


def _said(value: object, language: Language) -> object:
    match value:
        case Text():
            return value.say(language)
        case RefusedError():
            return value.say(language)
        case Exception():
            return say_briefly(value, language)
        case list():
            return m.COMMA.say(language).join(str(_said(each, language)) for each in value)
        case _:
            return value


def not_now(name: str, reason: NotNow) -> NotPossibleError:
    """Return the refusal of a step that the session table does not have."""
    return NotPossibleError(
        m.NOT_IN_STATE,
        name=name,
        happening=reason.happening,
        state=STATE[reason.state],
        possible=[STATE[state] for state in reason.possible_in],
    )
