"""Links to the seats: one a seat, a slow one holds up nobody, and none hears with a hole."""

from appliance.core.links import MOST_WAITING, Links
from protocol.seat_api import DecisionSaid, FaceSaid, FaceStage
from tests.core_hall import HeardLink


def hint(number: int) -> FaceSaid:
    """Return a message that can be told from others."""
    return FaceSaid(session="0" * 32, stage=FaceStage.LOOKING, hints=(), tries_left=number)


def test_a_newer_link_takes_the_older_ones_place() -> None:
    """The older link is told to close; what is said from then on goes to the newer."""
    links, old, new = Links(), HeardLink("a01", 0), HeardLink("a01", 1)
    links.add(old)
    links.add(new)
    links.tell(hint(1))
    assert old.has_ended
    assert old.heard() == []
    assert new.heard() == [hint(1)]
    assert len(links) == 1


def test_the_older_links_end_does_not_take_the_newer_away() -> None:
    """A connection that dies late removes itself only."""
    links, old, new = Links(), HeardLink("a01", 0), HeardLink("a01", 1)
    links.add(old)
    links.add(new)
    links.remove(old)
    assert links.of("a01") is new


def test_a_link_that_says_hello_again_is_the_same() -> None:
    """Adding a link that is there does not end it."""
    links, link = Links(), HeardLink("a01", 0)
    links.add(link)
    links.add(link)
    assert not link.has_ended


def test_only_named_seats_hear() -> None:
    """What concerns one seat reaches no other."""
    links = Links()
    here, there = HeardLink("a01", 0), HeardLink("a02", 0)
    links.add(here)
    links.add(there)
    links.tell(hint(1), {"a02"})
    assert (here.heard(), there.heard()) == ([], [hint(1)])


def test_a_link_that_does_not_drain_is_ended_and_says_nothing_more() -> None:
    """Of what waits either all or nothing is sent: a part would hide a decision for good."""
    link = HeardLink("a01", 0)
    for number in range(MOST_WAITING):
        link.tell(hint(number))
    assert not link.has_ended
    link.tell(hint(MOST_WAITING))
    assert link.has_ended
    link.tell(hint(MOST_WAITING + 1))
    assert link.outgoing.qsize() == 1
    assert link.heard() == []


def test_what_waits_is_sent_before_a_polite_end() -> None:
    """A link that is ended for another reason closes after what was said."""
    link = HeardLink("a01", 0)
    link.tell(hint(1))
    link.end()
    link.end()
    assert link.heard() == [hint(1)]


def test_a_revoked_machines_link_ends() -> None:
    """Links are ended by certificate; others stay."""
    links = Links()
    here, there = HeardLink("a01", 0), HeardLink("a02", 0)
    links.add(here)
    links.add(there)
    links.end_certificate(here.certificate)
    assert (here.has_ended, there.has_ended) == (True, False)
    assert DecisionSaid not in {type(said) for said in there.heard()}
