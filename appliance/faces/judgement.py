"""Whether the person before the camera is the candidate: decisions, pure.

A check goes frame by frame:

1. `glance`: is this frame fit for use (one face, near, turned to the camera, sharp,
   lit)? If so it becomes `Evidence`: its distance to the candidate's template and to
   everybody else's on the roster, in thousandths. If not, it becomes a hint.
2. `judge`, after each: three to five usable frames decide by the median of their
   distances. At or below ``accept_below``, and nobody on the roster nearer: accepted. At
   or above ``refuse_above``: refused. All else is a doubt, which a person resolves.

Three frames are enough where all agree that it is the candidate; everything else is
decided by five, or by what has come when the time is up.

The median of an even number is the larger of the middle two: against the candidate's
comfort, not against the centre's.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from appliance.faces.look import Descriptor, Face, Look, Scale
from appliance.ipc.faces import Verdict
from devices.faults import Fault
from protocol.faces_api import FaceHint

FEWEST: Final = 3
MOST: Final = 5
LOG_IN_SCALES: Final = (Scale.FULL, Scale.DOUBLE)
"""A check looks at the whole picture: it must see a second person; double tells too far."""


class FrameLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a frame fit for use."""

    least_width: int = 60
    """Pixels of the face: below, the descriptor is worth little."""
    most_turned: float = 0.25
    """Offset of the nose from the middle of the eyes, in distances of the eyes."""
    least_sharpness: float = 8.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One usable frame. Distances in thousandths."""

    own: int
    nearest: str
    """The candidate on the roster whose template is nearest, the own one at a tie."""
    others: Mapping[str, int]
    """Distance to everybody else on the roster."""
    sharpness: float


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the frames say together. Distances in thousandths, -1 where none was used."""

    verdict: Verdict
    distance: int
    nearest: str | None
    nearest_distance: int


def turned(face: Face) -> float:
    """Return how far the nose is beside the middle of the eyes, in distances of the eyes.

    0 is straight ahead; 30 degrees to a side are about 0.25. The sign is the side.
    """
    one = _middle(face.points[0], face.points[1])
    other = _middle(face.points[2], face.points[3])
    across = (other[0] - one[0], other[1] - one[1])
    middle = _middle(one, other)
    nose = (face.points[4][0] - middle[0], face.points[4][1] - middle[1])
    length = across[0] ** 2 + across[1] ** 2
    return (nose[0] * across[0] + nose[1] * across[1]) / length if length else 0.0


def hints_of(look: Look, limits: FrameLimits) -> tuple[FaceHint, ...]:
    """Return what keeps this frame from being used; none if it is fit."""
    light = {
        FaceHint.COVERED: Fault.COVERED in look.faults,
        FaceHint.TOO_DARK: Fault.DARK in look.faults,
        FaceHint.TOO_BRIGHT: Fault.BACK_LIT in look.faults,
    }
    if not look.faces:
        seen = tuple(hint for hint, is_so in light.items() if is_so)
        return seen or (FaceHint.NO_FACE,)
    if len(look.faces) > 1:
        return (FaceHint.SEVERAL,)
    face = look.faces[0]
    small = face.width < limits.least_width
    wrong = {
        FaceHint.TOO_SMALL: small,
        FaceHint.TOO_DARK: light[FaceHint.TOO_DARK],
        FaceHint.TURNED: abs(turned(face)) > limits.most_turned,
        FaceHint.BLURRED: not small and face.sharpness < limits.least_sharpness,
    }
    return tuple(hint for hint, is_so in wrong.items() if is_so)


def evidence_of(look: Look, candidate: str, templates: Mapping[str, Descriptor]) -> Evidence:
    """Compare a usable frame with the whole roster. The candidate must have a template."""
    face = look.faces[0]
    if face.descriptor is None:
        raise ValueError("expected a look that was asked for a descriptor")
    found = face.descriptor
    distances = {
        name: round(1000 * math.dist(found, template)) for name, template in templates.items()
    }
    own = distances.pop(candidate)
    nearest = min(distances, key=lambda name: distances[name], default=candidate)
    return Evidence(
        own=own,
        nearest=candidate if own <= distances.get(nearest, own) else nearest,
        others=distances,
        sharpness=face.sharpness,
    )


def judge(
    candidate: str,
    used: Sequence[Evidence],
    *,
    accept_below: int,
    refuse_above: int,
    time_is_up: bool,
) -> Judgement | None:
    """Return what the usable frames say, None while more are wanted."""
    if len(used) < FEWEST:
        return _not_seen() if time_is_up else None
    judgement = _weigh(candidate, used, accept_below, refuse_above)
    agreed = judgement.verdict is Verdict.ACCEPTED and all(
        frame.own <= accept_below and frame.nearest == candidate for frame in used
    )
    return judgement if agreed or time_is_up or len(used) >= MOST else None


def most_frequent(hints: Iterable[FaceHint]) -> tuple[FaceHint, ...]:
    """Return each hint once, the most frequent first."""
    return tuple(hint for hint, _ in Counter(hints).most_common())


def _weigh(
    candidate: str, used: Sequence[Evidence], accept_below: int, refuse_above: int
) -> Judgement:
    own = statistics.median_high(frame.own for frame in used)
    everywhere = set.intersection(*(set(frame.others) for frame in used))
    others = {
        name: statistics.median_high(frame.others[name] for frame in used) for name in everywhere
    }
    nearest = min(sorted(others), key=lambda name: others[name], default=candidate)
    is_first = own <= others.get(nearest, own)
    if own >= refuse_above:
        verdict = Verdict.REFUSED
    elif own <= accept_below and is_first:
        verdict = Verdict.ACCEPTED
    else:
        verdict = Verdict.DOUBT
    return Judgement(
        verdict=verdict,
        distance=own,
        nearest=candidate if is_first else nearest,
        nearest_distance=own if is_first else others[nearest],
    )


def _not_seen() -> Judgement:
    return Judgement(verdict=Verdict.NOT_SEEN, distance=-1, nearest=None, nearest_distance=-1)


def _middle(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
