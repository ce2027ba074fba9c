"""What the office's commands and services raise.

::

    CentralError                  has a stable ``code`` for operators
    ├── NotAnOfficeError          the folder is no office, or a part of it is missing
    ├── EnrolError                a bundle that this office did not issue, or an older one
    ├── ReceiptsError             published receipts that are not those of the store
    └── StickError                the stick does not hold what was written to it

What a box sends and the office does not take is no error here: it is a typed outcome,
see `central.receiving.judgement`.
"""

from typing import ClassVar

from central.messages import Language, say
from protocol.fault_words import say_fault


class CentralError(Exception):
    """The root of the tree; ``text`` is the name of a message.

    An error among the values is its cause, told in the message's language.
    """

    code: ClassVar[str] = "C000"

    def __init__(self, text: str, **values: object) -> None:
        self._text = text
        self._values = values
        super().__init__(self.show("en"))

    def show(self, language: Language) -> str:
        """Return the message in a language."""
        values = {
            name: say_fault(value, language) if isinstance(value, Exception) else value
            for name, value in self._values.items()
        }
        return say(self._text, language, **values)


class NotAnOfficeError(CentralError):
    """The folder holds no office, or one that is not complete."""

    code = "C100"


class EnrolError(CentralError):
    """A bundle that cannot be enrolled."""

    code = "C200"


class ReceiptsError(CentralError):
    """Receipts were published that are not those of the store, or not of this office."""

    code = "C500"


class StickError(CentralError):
    """A stick that took something and does not give it back."""

    code = "C300"
