"""When core says that the office has all of a subject."""

import json

import pytest

from appliance.core import records
from appliance.core.parcels import LANES, delivered
from appliance.core.service import SCHEMA
from runtime.database import open_database


@pytest.fixture
def core(tmp_path):
    """Core's record with one closed subject, and a parcel of each lane before its end."""
    connection = open_database(tmp_path / "core.db", SCHEMA)
    records.insert(connection, "closings", subject="theory", envelope="{}")
    for lane in LANES:
        _parcel(connection, lane, 1, {})
    yield connection
    connection.close()


def _parcel(connection, lane, n, cursors, stage="verified"):
    row = {"n": n, "digest": "", "cursors": json.dumps(cursors), "stage": stage}
    records.insert(connection, "parcels", lane=lane.value, **row)


def test_parcels_that_are_all_verified_are_not_all_that_will_come(core) -> None:
    """Before the lanes have ended, nothing is said, whatever the office has verified."""
    assert delivered(core) == frozenset()


@pytest.mark.parametrize("late", LANES)
@pytest.mark.parametrize("stage", ["sealed", "received", "refused"])
def test_every_lane_must_have_ended_and_be_verified(core, late, stage) -> None:
    """One lane whose end the office has not verified keeps the word back."""
    for lane in LANES:
        _parcel(core, lane, 2, {"ends": 1}, stage if lane is late else "verified")
    assert delivered(core) == frozenset()
    core.execute("UPDATE parcels SET stage = 'verified'")
    assert delivered(core) == {"theory"}


def test_what_comes_after_the_end_takes_nothing_back(core) -> None:
    """Checkpoints that seats co-sign later make parcels of their own; the subject has ended."""
    for lane in LANES:
        _parcel(core, lane, 2, {"ends": 1})
        _parcel(core, lane, 3, {"ends": 1, "leaves": 9}, "sealed")
    assert delivered(core) == {"theory"}


def test_a_gap_before_the_end_keeps_the_word_back(core) -> None:
    """The end alone is not enough: what lies before it must be verified too."""
    for lane in LANES:
        _parcel(core, lane, 2, {"ends": 1})
    core.execute("UPDATE parcels SET stage = 'received' WHERE n = 1")
    assert delivered(core) == frozenset()
