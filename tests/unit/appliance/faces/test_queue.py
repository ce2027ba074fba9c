"""Which picture is looked at next."""

import pytest

from appliance.faces.errors import BusyError
from appliance.faces.queue import NewestQueue


def test_a_newer_picture_takes_the_place_of_the_older():
    """A seat's second picture displaces its first and keeps its turn."""
    queue = NewestQueue(8)
    queue.put("a", "a1", urgent=False)
    queue.put("b", "b1", urgent=False)
    assert queue.put("a", "a2", urgent=False) == "a1"
    assert [queue.take(), queue.take(), queue.take()] == ["a2", "b1", None]


def test_log_ins_come_first():
    """An urgent picture is taken before all that are not, however long they waited."""
    queue = NewestQueue(8)
    queue.put("a", "a1", urgent=False)
    queue.put("b", "b1", urgent=True)
    assert [queue.take(), queue.take()] == ["b1", "a1"]


def test_a_seat_that_becomes_urgent_has_one_picture():
    """Its earlier, unhurried picture goes when the urgent one comes."""
    queue = NewestQueue(8)
    queue.put("a", "watch", urgent=False)
    assert queue.put("a", "login", urgent=True) == "watch"
    assert [queue.take(), queue.take()] == ["login", None]


def test_a_full_queue_says_so_and_keeps_the_known():
    """Beyond the limit a new seat is refused; a seat that waits may still renew its picture."""
    queue = NewestQueue(2)
    queue.put("a", "a1", urgent=False)
    queue.put("b", "b1", urgent=False)
    with pytest.raises(BusyError, match="fewer than 2"):
        queue.put("c", "c1", urgent=True)
    assert queue.put("b", "b2", urgent=False) == "b1"
    assert queue.empty() == ["a1", "b2"]
