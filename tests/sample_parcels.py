"""Parcels as a box makes them: lanes that count and chain, filled with what a test gives."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.parcel import FIRST, Blob, Lane, ParcelContents, ParcelKey, Record, make_parcel
from protocol.values import sha256_hex
from tests.sample_office import NOW, SampleBox


@dataclass(frozen=True)
class SampleParcel:
    """A parcel's file."""

    key: ParcelKey
    data: bytes
    digest: str

    @property
    def sha256(self) -> str:
        """Digest of the whole file."""
        return sha256_hex(self.data)


class Lanes:
    """The outbox of one box and generation."""

    def __init__(self, recipient: str, box: SampleBox, generation: int = 1) -> None:
        self.recipient = recipient
        self.box = box
        self.generation = generation
        self._last: dict[Lane, tuple[int, str]] = defaultdict(lambda: (0, FIRST))

    def parcel(
        self,
        lane: Lane,
        records: Sequence[Record] = (),
        blobs: Sequence[bytes] = (),
        *,
        made_at: int = NOW,
    ) -> SampleParcel:
        """Make the next parcel of a lane."""
        n, prev = self._last[lane]
        made = self.make(lane, n + 1, prev, records, blobs, made_at=made_at)
        self._last[lane] = (n + 1, made.digest)
        return made

    def make(
        self,
        lane: Lane,
        n: int,
        prev: str,
        records: Sequence[Record] = (),
        blobs: Sequence[bytes] = (),
        *,
        made_at: int = NOW,
    ) -> SampleParcel:
        """Make any parcel, without remembering it."""
        key = ParcelKey(
            centre=self.box.centre,
            sitting=self.box.sitting,
            appliance=self.box.id,
            generation=self.generation,
            lane=lane,
            n=n,
        )
        contents = ParcelContents(
            key=key,
            records=tuple(records),
            blobs=tuple(Blob(sha256=sha256_hex(blob), size=len(blob)) for blob in blobs),
        )
        data, digest = make_parcel(
            contents,
            blobs,
            prev=prev,
            made_at=made_at,
            office_recipient=self.recipient,
            box_key=self.box.box_key,
        )
        return SampleParcel(key=key, data=data, digest=digest)
