"""What is wrong with input, where, and what to do about it.

Whoever reads input gathers every problem before refusing, so that a clerk mends a file
once and not ten times; nothing is taken from input that has a problem::

    problems = Problems()
    problems.add(messages.BAD_XML, Place(file="q1.xml", line=3), came="...")
    problems.refuse_if_any()            # raises InputRefusedError with all of them

A message is a `Text` in Chinese and English with a stable code; it says what was
expected, what came, and what to do.
"""

import re
from typing import Final, Literal

import msgspec

Language = Literal["zh", "en"]


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One message in both languages; ``{name}`` stands for a value of the problem."""

    code: str
    zh: str
    en: str

    def fill(self, language: Language, values: dict[str, str]) -> str:
        """Return the message in ``language`` with its values filled in."""
        return getattr(self, language).format_map(values)  # type: ignore[no-any-return]


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a problem lies; what does not apply is left out."""

    file: str = ""
    item: str = ""
    """Identifier of a question, as the author wrote it."""
    line: int = 0
    row: int = 0
    """Row of a spreadsheet as the clerk sees it, counted from 1."""
    column: str = ""
    """Column of a spreadsheet: its letter and heading."""

    def show(self, language: Language) -> str:
        """Return the place in words, such as ``roster.xlsx, row 5, column B (身份证号)``."""
        words = _WORDS[language]
        said = [self.file] if self.file else []
        for word, value in zip(words, (self.item, self.line, self.row, self.column), strict=True):
            if value:
                said.append(word.format(value))
        return ("，" if language == "zh" else ", ").join(said)


_WORDS: dict[Language, tuple[str, str, str, str]] = {
    "zh": ("试题 {}", "第 {} 行", "表格第 {} 行", "{} 列"),
    "en": ("item {}", "line {}", "row {}", "column {}"),
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong (or, as a note, worth knowing)."""

    text: Text
    place: Place
    values: dict[str, str]

    @property
    def code(self) -> str:
        """The stable code of the message."""
        return self.text.code

    def show(self, language: Language = "zh") -> str:
        """Return place and message as one line for a person."""
        place = self.place.show(language)
        said = self.text.fill(language, self.values)
        separator = "：" if language == "zh" else ": "
        return f"{place}{separator}{said}" if place else said


class InputRefusedError(ValueError):
    """Input that was refused whole; ``problems`` says everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.show("en") for problem in problems))
        self.problems = problems


class Problems:
    """The problems found so far."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, text: Text, place: Place, **values: object) -> None:
        """Write down one problem."""
        shown = {name: str(value) for name, value in values.items()}
        self._found.append(Problem(text=text, place=place, values=shown))

    def found(self) -> tuple[Problem, ...]:
        """Return what was written down, by rows of a spreadsheet, else in the order of finding."""
        return tuple(sorted(self._found, key=lambda problem: problem.place.row))

    def refuse_if_any(self) -> None:
        """Raise `InputRefusedError` with all problems, if there is one."""
        if self._found:
            raise InputRefusedError(self.found())


_NOT_TEXT: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def one_line(text: str) -> str:
    """Return ``text`` for a terminal or a line of JSON: what steers, hides or is no text, escaped.

    File names of strangers may hold escape sequences, and bytes that are no UTF-8 at all.
    """
    return _NOT_TEXT.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def show_json(problem: Problem) -> dict[str, object]:
    """Return a problem for machines: code, place, values, and both languages."""
    return {
        "code": problem.code,
        "place": msgspec.to_builtins(problem.place),
        "values": problem.values,
        "zh": problem.show("zh"),
        "en": problem.show("en"),
    }
