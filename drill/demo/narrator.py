"""Says the demo's messages in plain lines, in one language."""

from collections.abc import Callable
from typing import Final

from drill.demo.messages import Language, Text


class Narrator:
    """Says messages in one language, each as a line."""

    def __init__(self, language: Language, line: Callable[[str], None]) -> None:
        self.language: Final = language
        self._line = line

    def __call__(self, text: Text, **values: object) -> None:
        """Say one message."""
        self._line(text.say(self.language, **values))

    def plain(self, text: str) -> None:
        """Say what is in the language already."""
        self._line(text)
