"""Lane recordings, and the end of every lane: sealed segments with their signed manifests."""

from central.store import evidence
from central.store.tables import BoxPlace
from central.verification.context import Context, ContradictionError, WaitsError, expect
from protocol.envelope import Envelope, unsafe_payload
from protocol.errors import BrokenChainError, ForkError, MalformedError
from protocol.keys import VerifyKey
from protocol.parcel import Lane, LaneEndRecord, SegmentRecord, ViewEnd
from protocol.segment import (
    FIRST,
    FromRoom,
    FromSeat,
    SegmentManifest,
    check_sealed,
    open_manifest,
    signed_by_box,
)
from protocol.values import decode


def take_segment(context: Context, record: SegmentRecord) -> None:
    """Check a segment and keep its manifest; the worker keeps the sealed bytes.

    1. The session key of its epoch signed the manifest, or the box key (phones, rooms).
    2. The sealed bytes came with the parcel and are those that it names.
    3. It follows the one before of this source and view. Numbers may be missing, since
       recordings give way on a filling disk: the gap is on record. The one right after
       another must name it.
    """
    # 1
    manifest = open_manifest(record.manifest, _signer(context, record.manifest))
    # 2
    sealed = context.blobs.get(manifest.digest)
    if sealed is None or not check_sealed(manifest, sealed):
        raise MalformedError(
            f"segment {manifest.view} {manifest.n}: expected {manifest.size} sealed bytes "
            f"{manifest.digest[:16]}... in the parcel; got "
            f"{'none' if sealed is None else f'{len(sealed)} others'}"
        )
    # 3
    known = evidence.segment_digest(context.store, context.place, manifest)
    if known is not None:
        if known != record.manifest.digest:
            raise ForkError(f"segment {manifest.view} {manifest.n}: another one is held")
        return
    gap = _check_follows(context, manifest)
    evidence.put_segment(context.store, context.place, manifest, record.manifest, gap)


def _signer(context: Context, envelope: Envelope) -> VerifyKey:
    """Return the key that must have signed, by what the manifest claims to show."""
    claimed = decode(unsafe_payload(envelope), SegmentManifest)
    match claimed.source:
        case FromSeat(session=session, epoch=number):
            epoch = context.epoch(session, number)
            if epoch is None:
                raise WaitsError(f"session {session} epoch {number}: its grant has not come")
            return context.box.key if signed_by_box(claimed.view) else epoch.session_key
        case FromRoom() as room:
            named = BoxPlace(room.centre, room.sitting, room.appliance, room.generation)
            expect("segment: box of the room's camera", context.box_place, named)
            return context.box.key


def _check_follows(context: Context, manifest: SegmentManifest) -> int:
    """Return how many segments are missing before this one."""
    last = evidence.last_segment(context.store, context.place, manifest.source, manifest.view)
    n, prev = (0, FIRST) if last is None else (last.n, last.manifest)
    if manifest.n <= n:
        raise BrokenChainError(
            f"segment {manifest.view}: expected number {n + 1} or later; got {manifest.n}"
        )
    if manifest.n == n + 1 and manifest.prev != prev:
        raise ContradictionError(
            f"segment {manifest.view} {manifest.n}: expected it to follow {prev[:16]}...; "
            f"it names {manifest.prev[:16]}..."
        )
    return manifest.n - n - 1


def take_lane_end(context: Context, record: LaneEndRecord) -> None:
    """Keep the word that nothing more of a subject follows in this lane.

    In lane recordings it names the last segment of each chain: one that is held must not
    contradict it; segments that were made and never came are counted.
    """
    lane = context.header.key.lane
    if record.views and lane is not Lane.RECORDINGS:
        raise MalformedError(f"lane {lane}: expected no views at its end")
    missing = sum(_missing(context, end) for end in record.views)
    evidence.put_lane_end(context.store, context.box_place, lane, record.subject, missing)


def _missing(context: Context, end: ViewEnd) -> int:
    last = evidence.last_segment(context.store, context.place, end.source, end.view)
    if last is None:
        return end.n
    if last.n > end.n or (last.n == end.n and last.manifest != end.last):
        raise ContradictionError(
            f"end of view {end.view}: expected the last segment to be {end.n} "
            f"{end.last[:16]}...; held is {last.n} {last.manifest[:16]}..."
        )
    between = evidence.segments_missing(context.store, context.place, end.source, end.view)
    return between + end.n - last.n
