"""Whose connections give way."""

from runtime.crowd import Crowd


class Line:
    """A connection that is open until it is cut."""

    def __init__(self) -> None:
        self.closed = False

    def is_closing(self) -> bool:
        """Say whether it was cut."""
        return self.closed


def test_a_flood_pushes_out_its_own_connections() -> None:
    """Who holds most loses the oldest; the one connection of another stays."""
    crowd: Crowd[Line] = Crowd(3)
    honest, flood = Line(), [Line() for _ in range(5)]
    cut = [*crowd.add("flood", flood[0]), *crowd.add("honest", honest)]
    for line in flood[1:]:
        cut += crowd.add("flood", line)
    assert cut == flood[:3]


def test_closed_connections_make_room_first() -> None:
    """Nobody is cut off while there are connections that have ended by themselves."""
    crowd: Crowd[Line] = Crowd(2)
    first, second, third = Line(), Line(), Line()
    assert [*crowd.add("a", first), *crowd.add("a", second)] == []
    second.closed = True
    assert list(crowd.add("b", third)) == []


def test_a_removed_connection_is_not_counted() -> None:
    """What was counted out makes room, and is counted out once only."""
    crowd: Crowd[Line] = Crowd(1)
    first = Line()
    assert list(crowd.add("a", first)) == []
    crowd.remove("a", first)
    crowd.remove("a", first)
    assert list(crowd.add("b", Line())) == []
