"""What a seat and the box's `recordings` process say to each other, over HTTPS with mTLS.

::

    POST /v1/segments   Exam-Segment: the manifest's envelope, JSON on one line
                        the body is the sealed segment         -> RecordingsReply
    POST /v1/views      ViewEnded                              -> RecordingsReply

The process listens on `HallInfo.recordings_port`. It knows the seat by its certificate and
takes segments of the sessions that `core` has admitted at that seat. A seat sends the
segments of a view in their order, each until it is stored, and deletes it only then;
repetition is welcome. A number that never comes is a hole on record.
"""

from enum import StrEnum
from typing import Final, cast

from exam.identifiers import Digest
from protocol.segment import View
from protocol.values import Count, HexId, Ordinal, Value, decode

SEGMENTS: Final = "/v1/segments"
VIEWS: Final = "/v1/views"
SEGMENT_HEADER: Final = "Exam-Segment"


class ViewEnded(Value, frozen=True, kw_only=True):
    """A view of this session is recorded no more; ``n`` is its last segment, 0 for none.

    ``last`` is that segment's `protocol.segment.manifest_digest`, or `segment.FIRST`.
    """

    session: HexId
    epoch: Ordinal
    view: View
    n: Count
    last: Digest


class Stored(Value, frozen=True, kw_only=True, tag="stored", tag_field="outcome"):
    """It is on the box's disk: the seat may delete it."""


class Refusal(StrEnum):
    """Why nothing was stored, and so what the seat does next."""

    NOT_ADMITTED = "not_admitted"
    """No such session at this seat, or not yet: send it again later."""
    FULL = "full"
    """Recordings give way on a filling disk: keep it, and send it again later."""
    BROKEN = "broken"
    """What came is not what the manifest names: send it again."""
    UNTRUSTED = "untrusted"
    """Not signed by the session's key, or not by this seat's view: a person must look."""
    FORK = "fork"
    """Another history is stored: a person must look."""


class Refused(Value, frozen=True, kw_only=True, tag="refused", tag_field="outcome"):
    """``text`` is for the record."""

    code: Refusal
    text: str


RecordingsReply = Stored | Refused


def decode_recordings_reply(data: bytes) -> RecordingsReply:
    """Parse the reply to a segment or to the end of a view."""
    return decode(data, cast("type[RecordingsReply]", RecordingsReply))
