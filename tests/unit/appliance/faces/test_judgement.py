"""Who is accepted, who is refused, and who goes to a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.faces.judgement import (
    Evidence,
    FrameLimits,
    evidence_of,
    hints_of,
    judge,
    most_frequent,
    turned,
)
from appliance.faces.look import Face, Look, Scale
from appliance.ipc.faces import Verdict
from devices.faults import Fault, Measure
from protocol.faces_api import FaceHint

ACCEPT, REFUSE = 450, 600
MEASURE = Measure(mean=120, spread=50, middle=120, edge=120, change=255)
AHEAD = ((200, 100), (180, 100), (100, 100), (120, 100), (150, 130))
ASIDE = ((200, 100), (180, 100), (100, 100), (120, 100), (185, 130))


def at(own: int, **others: int) -> Evidence:
    """Evidence of one frame."""
    nearest = min(others, key=lambda name: others[name], default="me")
    first = own <= others.get(nearest, own)
    return Evidence(own=own, nearest="me" if first else nearest, others=others, sharpness=50)


def verdict(*own: int, time_is_up: bool = False, **others: int) -> Verdict | None:
    frames = [at(distance, **others) for distance in own]
    judged = judge("me", frames, accept_below=ACCEPT, refuse_above=REFUSE, time_is_up=time_is_up)
    return judged.verdict if judged else None


def face(width=120, points=AHEAD, sharpness=50.0, descriptor=None) -> Face:
    return Face(
        left=0, top=0, width=width, height=width, score=1.0, points=points,
        sharpness=sharpness, descriptor=descriptor,
    )  # fmt: skip


def look(*faces: Face, faults=()) -> Look:
    return Look(
        width=640, height=480, scale=Scale.FULL, faces=faces, measure=MEASURE,
        faults=frozenset(faults),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ((300, 320, 310), Verdict.ACCEPTED),
        ((450, 450, 450), Verdict.ACCEPTED),
        ((300, 320), None),
        ((300, 320, 500), None),
        ((300, 320, 500, 510, 310), Verdict.ACCEPTED),
        ((451, 451, 451, 451, 451), Verdict.DOUBT),
        ((500, 599, 520, 610, 580), Verdict.DOUBT),
        ((599, 599, 600, 600, 600), Verdict.REFUSED),
        ((700, 710, 690, 720, 705), Verdict.REFUSED),
        ((700, 710, 690), None),
    ],
)
def test_the_median_of_three_to_five_frames_decides(own, expected):
    """Three agreeing frames accept; all else waits for five; thresholds are inclusive."""
    assert verdict(*own) is expected


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ((), Verdict.NOT_SEEN),
        ((300, 300), Verdict.NOT_SEEN),
        ((300, 320, 500), Verdict.ACCEPTED),
        ((400, 440, 460, 500), Verdict.DOUBT),
        ((700, 710, 690), Verdict.REFUSED),
    ],
)
def test_when_the_time_is_up_what_there_is_decides(own, expected):
    """Fewer than three frames are not enough; of four, the larger middle one counts."""
    assert verdict(*own, time_is_up=True) is expected


def test_somebody_nearer_on_the_roster_makes_a_doubt():
    """However near the own template is, a nearer one of another sends it to a person."""
    assert verdict(300, 310, 305, 300, 302, twin=200) is Verdict.DOUBT
    judged = judge(
        "me", [at(300, twin=200, far=800)] * 5, accept_below=ACCEPT, refuse_above=REFUSE,
        time_is_up=False,
    )  # fmt: skip
    assert (judged.nearest, judged.nearest_distance, judged.distance) == ("twin", 200, 300)


def test_a_tie_on_the_roster_is_for_the_candidate():
    """The same photo under two names refuses neither."""
    assert verdict(300, 310, 305, same=300) is None
    assert verdict(300, 300, 300, same=300) is Verdict.ACCEPTED


def test_one_frame_in_which_another_is_nearer_asks_for_more():
    """Three near frames of which one is nearer to somebody else do not end the check."""
    frames = [at(300, other=700), at(300, other=700), at(440, other=430)]
    asked = {"accept_below": ACCEPT, "refuse_above": REFUSE, "time_is_up": False}
    assert judge("me", frames, **asked) is None
    frames += [at(300, other=700)] * 2
    assert judge("me", frames, **asked).verdict is Verdict.ACCEPTED


@given(st.lists(st.integers(0, 1400), min_size=5, max_size=5), st.integers(0, 1400))
def test_nobody_is_accepted_beyond_the_threshold(own, other):
    """Whatever the five distances, accepted means median at most the threshold, and first."""
    judged = judge(
        "me", [at(distance, other=other) for distance in own],
        accept_below=ACCEPT, refuse_above=REFUSE, time_is_up=False,
    )  # fmt: skip
    middle = sorted(own)[2]
    assert judged.distance == middle
    assert (judged.verdict is Verdict.ACCEPTED) == (middle <= ACCEPT and middle <= other)
    assert (judged.verdict is Verdict.REFUSED) == (middle >= REFUSE)


@pytest.mark.parametrize(
    ("seen", "hints"),
    [
        (look(face()), ()),
        (look(), (FaceHint.NO_FACE,)),
        (look(faults=[Fault.DARK]), (FaceHint.TOO_DARK,)),
        (look(faults=[Fault.COVERED, Fault.DARK]), (FaceHint.COVERED, FaceHint.TOO_DARK)),
        (look(faults=[Fault.BACK_LIT]), (FaceHint.TOO_BRIGHT,)),
        (look(face(), face()), (FaceHint.SEVERAL,)),
        (look(face(59)), (FaceHint.TOO_SMALL,)),
        (look(face(60)), ()),
        (look(face(), faults=[Fault.DARK]), (FaceHint.TOO_DARK,)),
        (look(face(points=ASIDE)), (FaceHint.TURNED,)),
        (look(face(sharpness=7.9)), (FaceHint.BLURRED,)),
        (look(face(40, sharpness=1)), (FaceHint.TOO_SMALL,)),
    ],
)
def test_each_fault_has_its_hint(seen, hints):
    """What keeps a frame from being used is said; a fit frame says nothing."""
    assert hints_of(seen, FrameLimits()) == hints


def test_turning_is_measured_beside_the_eyes():
    """A nose below the middle of the eyes is straight ahead, whatever the size."""
    assert turned(face()) == pytest.approx(0)
    assert turned(face(points=((0, 0), (0, 0), (0, 0), (0, 0), (5, 5)))) == 0
    assert abs(turned(face(points=ASIDE))) > 0.3


def test_a_frame_is_compared_with_the_whole_roster():
    """Distances come in thousandths, and the nearest is named."""
    mine, yours = (0.0,) * 128, (0.5,) + (0.0,) * 127
    seen = look(face(descriptor=(0.1,) + (0.0,) * 127))
    found = evidence_of(seen, "me", {"me": mine, "you": yours})
    assert (found.own, found.others, found.nearest) == (100, {"you": 400}, "me")
    assert evidence_of(seen, "you", {"me": mine, "you": yours}).nearest == "me"


def test_hints_come_once_the_most_frequent_first():
    """The record names what was wrong most often first."""
    hints = [FaceHint.TURNED, FaceHint.NO_FACE, FaceHint.NO_FACE]
    assert most_frequent(hints) == (FaceHint.NO_FACE, FaceHint.TURNED)
