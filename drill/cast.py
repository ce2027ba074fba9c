"""Who sits where in the demo and the drill, and who is not who they say.

Three people are all there are, so seats share them: candidates with the same roster photo
are equally near to it, which refuses none of them. An impostor is before the camera in
place of the candidate, who is another person.

::

    roles = cast(6, impostors={3})
    roles[3].is_impostor          -> True
    roster_photo(roles[3])        -> JPEG, the astronaut
    clip(roles[3])                -> path of a video of the vice-president
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from drill.clips import ClipSettings, sample_clip, sample_roster_photo
from drill.faces import ASTRONAUT, PRESIDENT, PRESIDENT_EARLIER, VICE_PRESIDENT, SampleFace

_PEOPLE: Final = (
    (PRESIDENT, PRESIDENT_EARLIER),
    (VICE_PRESIDENT, VICE_PRESIDENT),
    (ASTRONAUT, ASTRONAUT),
)
"""The photograph for the roster, and that for the clip: another one where there is one."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """One seat's candidate, and who sits there."""

    candidate: SampleFace
    sitter: SampleFace

    @property
    def is_impostor(self) -> bool:
        """Whether somebody else sits there."""
        return self.candidate.person != self.sitter.person


def cast(seats: int, *, impostors: Collection[int] = ()) -> tuple[Role, ...]:
    """Return the roles of ``seats`` seats; those numbered in ``impostors`` (from 0) lie."""
    return tuple(
        Role(
            candidate=_PEOPLE[n % len(_PEOPLE)][0],
            sitter=_PEOPLE[(n + (n in impostors)) % len(_PEOPLE)][1],
        )
        for n in range(seats)
    )


def roster_photo(role: Role) -> bytes:
    """Return the candidate's roster photo; blocks for seconds the first time."""
    return sample_roster_photo(role.candidate)


def clip(role: Role, settings: ClipSettings | None = None) -> Path:
    """Return a clip of the sitter; blocks for seconds the first time."""
    return sample_clip(role.sitter, settings)
