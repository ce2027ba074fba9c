"""The verification of one parcel, within one transaction of the store.

1. The header is signed by the box (checked when it was found) and follows the parcel
   before in its lane.
2. The sealed part is what the header signs, opens, and is whole.
3. Every record is of this lane.
4. Every record holds, by itself and beside what is held: see the module of its lane.

Anything that does not hold raises `protocol.errors.ProtocolError`, what must wait
`WaitsError`; the caller undoes the transaction. Nothing is taken of a parcel that is not
taken whole.
"""

from collections.abc import Callable
from typing import Any, Final

from central.verification.answers import take_journal, take_receipt
from central.verification.closings import take_closing
from central.verification.context import Context
from central.verification.evidence_lane import take_head, take_log
from central.verification.grants import take_grant
from central.verification.incidents import (
    take_alert,
    take_amendment,
    take_decision,
    take_picture,
    take_stray,
)
from central.verification.recordings import take_lane_end, take_segment
from protocol.amendment import AmendmentRecord
from protocol.errors import MalformedError
from protocol.office_receipt import VerifiedJournal
from protocol.parcel import (
    AlertRecord,
    ClosingRecord,
    DecisionRecord,
    GrantRecord,
    HeadRecord,
    JournalRecord,
    Lane,
    LaneEndRecord,
    LogRecord,
    ParcelContents,
    PictureRecord,
    ReceiptRecord,
    Record,
    SegmentRecord,
    StrayRecord,
)

Take = Callable[[Context, Any], VerifiedJournal | None]

_CHECKS: Final[dict[type[Record], tuple[Lane | None, Take]]] = {
    GrantRecord: (Lane.ANSWERS, take_grant),
    JournalRecord: (Lane.ANSWERS, take_journal),
    ReceiptRecord: (Lane.ANSWERS, take_receipt),
    ClosingRecord: (Lane.ANSWERS, take_closing),
    HeadRecord: (Lane.EVIDENCE, take_head),
    LogRecord: (Lane.EVIDENCE, take_log),
    DecisionRecord: (Lane.INCIDENTS, take_decision),
    StrayRecord: (Lane.INCIDENTS, take_stray),
    AlertRecord: (Lane.INCIDENTS, take_alert),
    AmendmentRecord: (Lane.INCIDENTS, take_amendment),
    PictureRecord: (Lane.PICTURES, take_picture),
    SegmentRecord: (Lane.RECORDINGS, take_segment),
    LaneEndRecord: (None, take_lane_end),  # every lane has its end
}


def take_contents(context: Context, contents: ParcelContents) -> tuple[VerifiedJournal, ...]:
    """Check every record and keep it (steps 3 and 4); return where the journals then stand."""
    stands: dict[str, VerifiedJournal] = {}
    for record in contents.records:
        lane, take = _CHECKS[type(record)]
        if lane not in {None, contents.key.lane}:
            raise MalformedError(
                f"{contents.key.file_name}: a record {type(record).__struct_config__.tag!r} "
                f"belongs into lane {lane}"
            )
        journal = take(context, record)
        if journal is not None:
            stands[journal.session] = journal
    return tuple(stands.values())
