"""Which verified parcels go first where the disk runs short."""

import pytest

from appliance.courier.ledger import Carried, Parcel, first_to_go
from protocol.parcel import Lane


def parcel(name: str, lane: Lane, age: int, size: int = 10) -> Parcel:
    """Return a verified parcel; the greater the age, the longer ago."""
    return Parcel(
        name=name, lane=lane, generation=1, n=1, size=size, sha256="", digest="",
        stage=Carried.VERIFIED, changed_at=1000 - age,
    )  # fmt: skip


PARCELS = [
    parcel("answers, old", Lane.ANSWERS, 9),
    parcel("recordings, new", Lane.RECORDINGS, 1),
    parcel("recordings, old", Lane.RECORDINGS, 5),
    parcel("incidents, new", Lane.INCIDENTS, 2),
]


@pytest.mark.parametrize(
    ("missing", "going"),
    [
        (0, []),
        (1, ["recordings, old"]),
        (10, ["recordings, old"]),
        (11, ["recordings, old", "recordings, new"]),
        (21, ["recordings, old", "recordings, new", "answers, old"]),
        (1000, ["recordings, old", "recordings, new", "answers, old", "incidents, new"]),
    ],
)
def test_recordings_go_first_and_no_more_than_is_needed(missing: int, going: list[str]) -> None:
    """Oldest recordings, newer ones, then the other lanes by age, until there is room."""
    assert [p.name for p in first_to_go(PARCELS, missing)] == going
