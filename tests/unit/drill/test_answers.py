"""What a simulated candidate does: drawn from a seed, and never the same answer twice running."""

from itertools import islice

import pytest

from drill.answers import LONGEST, steps
from exam.paper import Written
from terminal_agent.actions import Answer, GoTo, Mark
from tests.unit.terminal_agent.scripted_seat import ScriptedSeat

MANY = 3_000


@pytest.fixture(scope="module")
def paper():
    seat = ScriptedSeat()
    seat.open_paper()
    return seat.paper()


def test_one_seed_is_one_candidate(paper) -> None:
    """The same seed does the same things; another does others."""
    one, again, other = (list(islice(steps(paper, seed=s), 200)) for s in ("a", "a", "b"))
    assert one == again
    assert one != other


def test_every_item_is_visited_in_the_candidates_order_first(paper) -> None:
    """The first round goes through the paper once, as it is ordered for this candidate."""
    visited = [s.action.item for s in islice(steps(paper, "a"), MANY) if isinstance(s.action, GoTo)]
    order = [each.item for each in paper.order]
    assert visited[: len(order)] == order


def test_no_answer_equals_the_one_before(paper) -> None:
    """So an answer that is lost or kept twice shows; texts stay of a length that people write."""
    last, longest = {}, 0
    for step in islice(steps(paper, "a"), MANY):
        if isinstance(step.action, Answer):
            assert last.get(step.action.item) != step.action.response
            last[step.action.item] = step.action.response
            if isinstance(step.action.response, Written):
                longest = max(longest, len(step.action.response.text))
    assert len(last) == len(paper.order)
    assert 0 < longest < 2 * LONGEST


def test_pauses_are_as_long_as_wanted_on_average(paper) -> None:
    """Between 0.4 and 1.6 times the wanted pause, about it on average; some items are marked."""
    taken = list(islice(steps(paper, "a", pause_s=2.0), MANY))
    assert all(0.8 <= step.pause_s <= 3.2 for step in taken)
    assert sum(step.pause_s for step in taken) / MANY == pytest.approx(2.0, rel=0.05)
    assert any(isinstance(step.action, Mark) for step in taken)
