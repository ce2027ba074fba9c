"""What a simulated candidate does with a paper, drawn from a seed. Pure: no clock, no page.

First every item in the candidate's order, then back to any of them. Texts grow as they are
typed, and no answer equals the one before it, so that an answer lost or kept twice shows::

    for step in steps(paper, seed="a01"):
        wait(step.pause_s); do(step.action)
"""

import random
from collections.abc import Iterator
from typing import Final, assert_never

import msgspec

from exam.paper import (
    Chosen,
    ExtendedText,
    Filled,
    Item,
    MultipleChoice,
    Response,
    SingleChoice,
    TextEntry,
    TrueFalse,
    Written,
)
from terminal_agent.actions import Answer, GoTo, Mark
from terminal_agent.view import PaperShown

LONGEST: Final = 400
"""Characters, after which a longer text is begun anew."""
_SENTENCES: Final = (
    "城市信息模型把建筑、地理与感知数据放在同一个坐标系里。",
    "数据应当按更新周期分层，变化少的先存，变化快的增量同步。",
    "The model is checked against the survey before it is published.",
    "点云密度不足的屋面需要补测，边界处应保留重叠。",
    "权限按岗位授予，日志保存期满后删除。",
)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing done after a pause."""

    pause_s: float
    action: GoTo | Mark | Answer


def steps(paper: PaperShown, seed: str, pause_s: float = 1.0) -> Iterator[Step]:
    """Give what the candidate does, without end; pauses are ``pause_s`` on average."""
    draw = random.Random(seed)
    writer = _Writer(paper, draw)
    order = [each.item for each in paper.order]
    visits = iter([*order])
    while True:
        item = next(visits, None) or draw.choice(order)
        for action in writer.visit(item):
            yield Step(pause_s=draw.uniform(0.4, 1.6) * pause_s, action=action)


class _Writer:
    """Remembers what stands in each item, so that texts grow."""

    def __init__(self, paper: PaperShown, draw: random.Random) -> None:
        self._items = {item.id: item for item in paper.paper.items}
        self._draw = draw
        self._texts: dict[str, str] = {}
        self._last: dict[str, Response] = {}
        self._serial = 0

    def visit(self, item: str) -> Iterator[GoTo | Mark | Answer]:
        """Give what is done at one item."""
        yield GoTo(item=item)
        if self._draw.random() < 0.15:  # noqa: PLR2004 - now and then
            yield Mark(item=item, marked=self._draw.random() < 0.7)  # noqa: PLR2004 - mostly on
        for _ in range(self._draw.randint(1, 3)):
            yield Answer(item=item, response=self._other(self._items[item]))

    def _other(self, item: Item) -> Response:
        """Draw until it is not what stands there."""
        drawn = self._response(item)
        while drawn == self._last.get(item.id):
            drawn = self._response(item)
        self._last[item.id] = drawn
        return drawn

    def _response(self, item: Item) -> Response:
        self._serial += 1
        match item:
            case SingleChoice() | TrueFalse():
                return Chosen(options=(self._draw.choice(item.options).id,))
            case MultipleChoice(options=options):
                count = self._draw.randint(0, len(options))
                chosen = self._draw.sample([option.id for option in options], count)
                return Chosen(options=tuple(sorted(chosen)))
            case TextEntry(blanks=blanks):
                filled = self._draw.sample(blanks, self._draw.randint(1, len(blanks)))
                return Filled(blanks={blank.id: f"答{self._serial}" for blank in filled})
            case ExtendedText():
                return Written(text=self._typed(item.id))
            case _:
                assert_never(item)

    def _typed(self, item: str) -> str:
        before = self._texts.get(item, "")
        if len(before) > LONGEST:
            before = ""
        sentence = self._draw.choice(_SENTENCES)
        self._texts[item] = f"{before}{sentence}[{self._serial}]"
        return self._texts[item]
