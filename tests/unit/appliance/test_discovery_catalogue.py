"""The catalogue believes little, keeps little, and loses nothing to a liar."""

import sqlite3
from pathlib import Path

from appliance.discovery import memory
from appliance.discovery.catalogue import (
    ADDRESSES,
    NEWCOMER_LIVES_MS,
    NEWCOMERS,
    PROBE_EVERY_MS,
    PROBE_MISSING_EVERY_MS,
    Catalogue,
)
from protocol.discovery import Address, newcomer_name
from runtime.database import open_database

HERE, THERE = Address("10.77.0.2", 9001), Address("10.77.0.2", 9002)


def hall(*seats: str) -> Catalogue:
    catalogue = Catalogue()
    catalogue.expect(seats)
    return catalogue


def test_only_seats_and_newcomers_are_wanted() -> None:
    """Names outside the roster are not looked at, whatever they look like."""
    catalogue = hall("a-01")
    assert catalogue.wants("a-01")
    assert catalogue.wants("new-0123abcd")
    for name in ("a-02", "new-", "new-0123abcd0", "A-01", "box", ""):
        assert not catalogue.wants(name)
        assert not catalogue.hear(name, [HERE], {}, 0)
    assert catalogue.seen() == ()


def test_newcomers_are_few() -> None:
    """The thirty-third newcomer is not kept, but one that is kept is still heard."""
    catalogue = hall("a-01")
    for machine in range(NEWCOMERS + 5):
        catalogue.hear(newcomer_name(machine), [HERE], {}, 0)
    assert len(catalogue.seen()) == NEWCOMERS
    assert catalogue.hear(newcomer_name(0), [THERE], {}, 1)
    assert catalogue.hear("a-01", [HERE], {}, 1)


def test_a_newcomer_that_never_answers_makes_room() -> None:
    """Whoever is not there is forgotten after two minutes; a seat of the roster is not."""
    catalogue = hall("a-01")
    for name in ("a-01", newcomer_name(1)):
        catalogue.hear(name, [HERE], {}, 0)
        assert not catalogue.probed(name, None, NEWCOMER_LIVES_MS - 1)
    assert catalogue.probed(newcomer_name(1), None, NEWCOMER_LIVES_MS)
    assert not catalogue.probed("a-01", None, NEWCOMER_LIVES_MS)
    assert [seen.name for seen in catalogue.seen()] == ["a-01"]


def test_what_answered_stays_in_front_of_what_is_said() -> None:
    """A false address is kept behind the one that answers, and never pushes it out."""
    catalogue = hall("a-01")
    catalogue.hear("a-01", [HERE], {}, 0)
    catalogue.probed("a-01", str(HERE), 1)
    for number in range(20):
        catalogue.hear("a-01", [Address("10.9.9.9", 1000 + number)], {}, 2)
    (seen,) = catalogue.seen()
    assert seen.addresses[0] == str(HERE)
    assert len(seen.addresses) == ADDRESSES
    assert seen.reached


def test_a_new_address_goes_first_once_the_old_one_fails() -> None:
    """After a change of address the new one is probed before the old ones."""
    catalogue = hall("a-01")
    catalogue.hear("a-01", [HERE], {}, 0)
    catalogue.probed("a-01", str(HERE), 1)
    catalogue.probed("a-01", None, 2)
    catalogue.hear("a-01", [THERE], {}, 3)
    assert catalogue.seen()[0].addresses == (str(THERE), str(HERE))


def test_a_seat_hint_counts_only_for_seats_of_the_roster() -> None:
    """What a newcomer claims is shown if the roster has it, and a seat's own name wins."""
    catalogue = hall("a-01", "a-02")
    catalogue.hear("new-00000001", [HERE], {"seat": "a-01"}, 0)
    catalogue.hear("new-00000002", [HERE], {"seat": "b-99"}, 0)
    catalogue.hear("a-02", [HERE], {"seat": "a-01"}, 0)
    claims = {seen.name: seen.seat for seen in catalogue.seen()}
    assert claims == {"new-00000001": "a-01", "new-00000002": None, "a-02": "a-02"}


def test_news_is_only_what_is_new() -> None:
    """Hearing the same again, or answering again, wakes nobody."""
    catalogue = hall("a-01")
    assert catalogue.hear("a-01", [HERE], {}, 0)
    assert not catalogue.hear("a-01", [HERE], {}, 5)
    assert catalogue.probed("a-01", str(HERE), 6)
    assert not catalogue.probed("a-01", str(HERE), 7)
    assert catalogue.probed("a-01", None, 8)
    assert not catalogue.probed("b-01", str(HERE), 8)


def test_who_is_due() -> None:
    """At once when heard; then now and then, sooner who does not answer."""
    catalogue = hall("a-01", "a-02")
    for seat in ("a-01", "a-02"):
        catalogue.hear(seat, [HERE], {}, 0)
    assert len(catalogue.due(0)) == 2
    catalogue.probed("a-01", str(HERE), 0)
    catalogue.probed("a-02", None, 0)
    assert catalogue.due(PROBE_MISSING_EVERY_MS - 1) == []
    assert [seen.name for seen in catalogue.due(PROBE_MISSING_EVERY_MS)] == ["a-02"]
    assert len(catalogue.due(PROBE_EVERY_MS)) == 2


def test_who_is_heard_elsewhere_is_due_at_once() -> None:
    """A machine that says a new address is probed without waiting for its turn, once."""
    catalogue = hall("a-01")
    catalogue.hear("a-01", [HERE], {}, 0)
    catalogue.probed("a-01", str(HERE), 0)
    catalogue.hear("a-01", [HERE], {}, 1)
    assert catalogue.due(1) == []
    catalogue.hear("a-01", [THERE], {}, 2)
    assert [seen.name for seen in catalogue.due(2)] == ["a-01"]
    catalogue.probed("a-01", str(THERE), 3)
    assert catalogue.due(3) == []


def test_complete_is_when_every_seat_answers() -> None:
    """One seat missing or silent: the search goes on."""
    catalogue = hall("a-01", "a-02")
    catalogue.hear("a-01", [HERE], {}, 0)
    catalogue.probed("a-01", str(HERE), 0)
    assert not catalogue.complete()
    catalogue.hear("a-02", [HERE], {}, 0)
    assert not catalogue.complete()
    catalogue.probed("a-02", str(HERE), 0)
    assert catalogue.complete()


def test_a_new_roster_forgets_seats_of_the_old_one() -> None:
    """Seats of another sitting are gone from the list; newcomers' claims are read anew."""
    catalogue = hall("a-01")
    catalogue.hear("a-01", [HERE], {}, 0)
    catalogue.hear("new-00000001", [HERE], {"seat": "a-01"}, 0)
    catalogue.expect(["b-01"])
    assert [(seen.name, seen.seat) for seen in catalogue.seen()] == [("new-00000001", None)]


def test_memory_outlasts_the_process_and_its_times_the_boot_only(tmp_path: Path) -> None:
    """What was known comes back unprobed; after a reboot the times mean nothing."""
    catalogue = hall("a-01")
    catalogue.hear("a-01", [HERE, THERE], {}, 70)
    catalogue.probed("a-01", str(HERE), 80)
    with open_database(tmp_path / "discovery.db", memory.SCHEMA) as connection:
        memory.replace_all(connection, catalogue.seen(), "this boot")
        (same,) = memory.load(connection, "this boot")
        (later,) = memory.load(connection, "another boot")
    assert (same.first_heard, same.last_heard) == (70, 80)
    assert (later.first_heard, later.last_heard) == (0, 0)
    assert same.addresses == later.addresses == (str(HERE), str(THERE))
    assert (same.probed, same.reached) == (None, False)
    again = Catalogue()
    again.recall([later])
    again.expect(["a-01"])
    assert again.due(0)
    with sqlite3.connect(tmp_path / "discovery.db") as plain:
        assert plain.execute("SELECT name FROM terminals").fetchall() == [("a-01",)]
