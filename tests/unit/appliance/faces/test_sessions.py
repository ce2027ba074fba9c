"""What the process remembers between frames."""

import pytest
from msgspec.structs import replace

from appliance.faces.look import Face, Look, Scale
from appliance.faces.sessions import CHECK_MS, Memory, Template, UnknownSessionError
from appliance.ipc.faces import Admit, BeginCheck, Verdict
from devices.faults import Measure
from protocol.faces_api import FaceHint

SESSION, OTHER = "1" * 32, "2" * 32
SEAT, ANOTHER_SEAT = "a" * 64, "b" * 64
MINE = (0.0,) * 128
POINTS = ((200, 100), (180, 100), (100, 100), (120, 100), (150, 130))


def look(*distances: float, sharpness: float = 50.0) -> Look:
    """One face for each distance to the candidate's template."""
    faces = tuple(
        Face(
            left=0,
            top=0,
            width=120,
            height=120,
            score=1.0,
            points=POINTS,
            sharpness=sharpness,
            descriptor=(distance, *MINE[1:]),
        )
        for distance in distances
    )
    measure = Measure(mean=120, spread=50, middle=120, edge=120, change=255)
    return Look(
        width=640, height=480, scale=Scale.FULL, faces=faces, measure=measure, faults=frozenset()
    )


def begin(check: str = "c" * 32, session: str = SESSION) -> BeginCheck:
    return BeginCheck(session=session, check=check, accept_below=450, refuse_above=600)


@pytest.fixture
def memory():
    memory = Memory(build="dlib of a test")
    memory.enrol("zhang", Template(descriptor=MINE, photo="d" * 64))
    memory.enrol("li", Template(descriptor=(0.9, *MINE[1:]), photo="e" * 64))
    memory.admit(Admit(session=SESSION, candidate="zhang", seat_certificate=SEAT))
    return memory


def test_a_frame_from_another_seat_is_not_taken(memory):
    """The session belongs to one certificate; others, and none, are refused."""
    for certificate in (ANOTHER_SEAT, None):
        with pytest.raises(UnknownSessionError, match="at this seat"):
            memory.session_at(SESSION, certificate)
    with pytest.raises(UnknownSessionError):
        memory.session_at(OTHER, SEAT)
    assert memory.session_at(SESSION, SEAT).candidate == "zhang"


def test_a_move_to_another_seat_keeps_the_session(memory):
    """Admitted again at another seat, the old seat's frames are refused from then on."""
    memory.admit(Admit(session=SESSION, candidate="zhang", seat_certificate=ANOTHER_SEAT))
    assert memory.session_at(SESSION, ANOTHER_SEAT)
    with pytest.raises(UnknownSessionError):
        memory.session_at(SESSION, SEAT)


def test_three_near_frames_end_a_check_with_its_evidence(memory):
    """The end names distances, thresholds, photo and build."""
    assert memory.begin(begin(), now=0) is None
    session = memory.session_at(SESSION, SEAT)
    hold = ((FaceHint.HOLD_STILL,), None)
    assert memory.seen(session, look(0.30), 1, b"one", now=0) == hold
    assert memory.seen(session, look(), 2, b"two", now=0) == ((FaceHint.NO_FACE,), None)
    assert memory.seen(session, look(0.32), 3, b"three", now=0) == hold
    hints, ended = memory.seen(session, look(0.31), 4, b"four", now=0)
    assert hints == ()
    assert ended.verdict is Verdict.ACCEPTED
    assert (ended.distance, ended.distances, ended.frames) == (310, (300, 320, 310), 4)
    assert (ended.nearest, ended.photo, ended.build) == ("zhang", "d" * 64, "dlib of a test")
    assert ended.hints == (FaceHint.NO_FACE,)
    assert session.check is None


def test_time_ends_a_check_once(memory):
    """A check without frames ends when its time is up, not before, and not twice."""
    memory.begin(begin(), now=1_000)
    assert memory.expire(1_000 + CHECK_MS - 1) == []
    (ended,) = memory.expire(1_000 + CHECK_MS)
    assert (ended.verdict, ended.distance, ended.nearest) == (Verdict.NOT_SEEN, -1, None)
    assert memory.expire(1_000 + CHECK_MS) == []


def test_the_time_of_a_check_begins_with_its_first_frame(memory):
    """Who reads for a minute before the first picture has as long a look as anybody."""
    memory.begin(replace(begin(), wait_ms=60_000), now=0)
    session = memory.session_at(SESSION, SEAT)
    assert memory.expire(CHECK_MS) == []
    memory.seen(session, look(), 1, b"nobody", now=50_000)
    assert memory.expire(50_000 + CHECK_MS - 1) == []
    (ended,) = memory.expire(50_000 + CHECK_MS)
    assert (ended.verdict, ended.frames) == (Verdict.NOT_SEEN, 1)


def test_a_first_frame_that_never_comes_ends_the_check_all_the_same(memory):
    """After the wait and the check's own time it is told that no picture came."""
    memory.begin(replace(begin(), wait_ms=60_000), now=0)
    assert memory.expire(60_000 + CHECK_MS - 1) == []
    (ended,) = memory.expire(60_000 + CHECK_MS)
    assert (ended.verdict, ended.frames) == (Verdict.NOT_SEEN, 0)


def test_pictures_of_the_look_before_use_up_no_try(memory):
    """What was on its way when a look failed counts for nothing; after the pause it does."""
    memory.begin(replace(begin(), pause_ms=2_000), now=0)
    session = memory.session_at(SESSION, SEAT)
    for taken in range(9):
        assert memory.seen(session, look(0.9), taken, b"late", now=1_999)[1] is None
    assert session.check.frames == 0
    memory.seen(session, look(0.9), 10, b"next", now=2_000)
    assert session.check.frames == 1


def test_a_new_check_takes_the_place_of_a_running_one(memory):
    """Only the new one is told, and it begins without the old one's frames."""
    memory.begin(begin("1" * 32), now=0)
    session = memory.session_at(SESSION, SEAT)
    memory.seen(session, look(0.3), 1, b"one", now=0)
    memory.begin(begin("2" * 32), now=5_000)
    assert memory.expire(CHECK_MS) == []
    (ended,) = memory.expire(5_000 + CHECK_MS)
    assert (ended.check, ended.frames) == ("2" * 32, 0)


def test_without_a_template_a_check_goes_to_a_person_at_once(memory):
    """The verdict says that there was nothing to compare with."""
    memory.enrol("zhang", None)
    ended = memory.begin(begin(), now=0)
    assert ended.verdict is Verdict.NO_TEMPLATE
    assert memory.expire(CHECK_MS) == []


def test_a_template_that_goes_during_a_check_ends_it(memory):
    """The next usable frame says that there is nothing to compare with any more."""
    memory.begin(begin(), now=0)
    memory.enrol("zhang", None)
    session = memory.session_at(SESSION, SEAT)
    assert memory.seen(session, look(0.3), 1, b"one", now=0)[1].verdict is Verdict.NO_TEMPLATE


def test_the_roster_may_grow_during_a_check(memory):
    """Somebody enrolled between two frames is compared with only where all frames can."""
    memory.begin(begin(), now=0)
    session = memory.session_at(SESSION, SEAT)
    memory.seen(session, look(0.3), 1, b"one", now=0)
    memory.enrol("wang", Template(descriptor=(0.3, *MINE[1:]), photo="f" * 64))
    for _ in range(3):
        memory.seen(session, look(0.3), 1, b"more", now=0)
    ended = memory.seen(session, look(0.3), 1, b"last", now=0)[1]
    assert (ended.verdict, ended.nearest) == (Verdict.ACCEPTED, "zhang")


def test_the_sharpest_usable_frame_of_a_check_is_kept(memory):
    """It stays after the check; a useless frame never displaces a usable one."""
    session = memory.session_at(SESSION, SEAT)
    memory.seen(session, look(0.3), 1, b"before", now=0)
    memory.begin(begin(), now=0)
    assert session.kept is None
    memory.seen(session, look(), 2, b"nobody", now=0)
    assert session.kept.jpeg == b"nobody"
    memory.seen(session, look(0.3, sharpness=40), 3, b"blurred", now=0)
    memory.seen(session, look(0.3, sharpness=90), 4, b"sharp", now=0)
    memory.seen(session, look(0.3, 0.3, sharpness=95), 5, b"two people", now=0)
    memory.seen(session, look(0.3, sharpness=60), 6, b"less sharp", now=0)
    memory.seen(session, look(0.3, sharpness=99), 7, b"after the check", now=0)
    assert session.kept.jpeg == b"sharp"


def test_before_a_check_the_newest_frame_is_kept(memory):
    """So that the invigilator sees who sits there now."""
    session = memory.session_at(SESSION, SEAT)
    memory.seen(session, look(0.3, sharpness=90), 1, b"old", now=0)
    memory.seen(session, look(), 2, b"new", now=0)
    assert session.kept.jpeg == b"new"


def test_dismissed_and_forgotten_leave_nothing(memory):
    """After a dismissal the session is unknown; after forgetting, the roster too."""
    memory.dismiss(SESSION)
    memory.dismiss(SESSION)
    assert not memory.sessions
    memory.forget()
    assert not memory.templates
    with pytest.raises(UnknownSessionError):
        memory.begin(begin(), now=0)
