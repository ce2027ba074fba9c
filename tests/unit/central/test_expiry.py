"""Which unfinished uploads are given up."""

from central.receiving.expiry import (
    LEAST_COST,
    LONGEST_IDLE_MS,
    MOST_BYTES,
    RESUMED_MS,
    Unfinished,
    has_room,
    to_give_up,
)

NOW = 1_795_000_000_000
HALF = MOST_BYTES // 2


def upload(name: str, size: int = 1, idle: int = RESUMED_MS, client: str = "box-1") -> Unfinished:
    """Return an upload to which nothing came for ``idle`` ms."""
    return Unfinished(upload=name, client=client, size=size, touched_at=NOW - idle)


def test_what_is_idle_for_long_is_given_up() -> None:
    """To the millisecond; what is younger stays, however small the line is."""
    uploads = [upload("old", idle=LONGEST_IDLE_MS), upload("young", idle=LONGEST_IDLE_MS - 1)]
    assert to_give_up(uploads, (), NOW) == ["old"]


def test_the_longest_idle_goes_first_where_a_box_has_too_much() -> None:
    """Only as many are given up as it takes."""
    uploads = [upload("c", HALF, RESUMED_MS), upload("a", HALF, RESUMED_MS + 2), upload("b", HALF)]
    assert to_give_up(uploads, (), NOW) == ["a"]


def test_boxes_do_not_pay_for_each_other() -> None:
    """Each has its own share."""
    uploads = [upload("a", HALF, client="box-1"), upload("b", MOST_BYTES, client="box-2")]
    assert to_give_up(uploads, (), NOW) == []


def test_what_is_being_resumed_is_never_given_up() -> None:
    """Neither what a connection holds, nor, for its bytes, what something came to just now."""
    held = upload("held", MOST_BYTES, LONGEST_IDLE_MS)
    fresh = upload("fresh", MOST_BYTES, RESUMED_MS - 1)
    assert to_give_up([held, fresh], {"held"}, NOW) == []


def test_uploads_without_bytes_are_bounded_in_number() -> None:
    """Each counts something: a box cannot create them without end."""
    many = [upload(str(n), size=0) for n in range(MOST_BYTES // LEAST_COST + 1)]
    assert len(to_give_up(many, (), NOW)) == 1
    assert not has_room(many, "another")


def test_a_box_may_go_on_with_what_it_began() -> None:
    """Its own upload does not stand in its own way."""
    assert has_room([upload("a", MOST_BYTES)], "a")
    assert not has_room([upload("a", MOST_BYTES)], "b")
