"""A view that is recorded, for tests: made pieces, a journal that refuses when told, a shelf."""

from dataclasses import dataclass, field
from pathlib import Path

from devices.encoder import Piece
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity
from protocol.segment import FromSeat, SegmentManifest, View, open_manifest
from runtime.errors import DiskFullError
from terminal_agent.recording import CutRules, Gap, Recorded, Recording
from terminal_agent.segments import SegmentShelf, read_segment

SESSION = "5" * 32
BEGINS = 1_795_000_000_000
PIECE_MS = 2_000


def piece(n: int, start: int, *, encoder: int = 0, size: int = 100) -> Piece:
    """Return a piece of two seconds; its data names it."""
    return Piece(
        n=n,
        start=start,
        duration_ms=PIECE_MS,
        pictures=16,
        opening=b"encoder %d " % encoder,
        data=b"piece %d " % n + b"." * size,
    )


@dataclass
class Journal:
    """Where gaps are put on record; it refuses while it is ``full``."""

    gaps: list[Gap] = field(default_factory=list)
    full: bool = False

    async def write(self, gap: Gap) -> None:
        """Keep a gap, or refuse as a full disk does."""
        if self.full:
            raise DiskFullError("spool.db: expected room")
        self.gaps.append(gap)

    def end(self) -> int:
        """Return the end of the last gap."""
        return self.gaps[-1].until if self.gaps else 0


@dataclass
class RecordedView:
    """One view of one session; the program may be killed and started again."""

    folder: Path
    session: str = SESSION
    rules: CutRules = field(default_factory=CutRules)
    camera: bool = True
    journal: Journal = field(default_factory=Journal)
    key: SigningKey = field(default_factory=SigningKey.generate)
    office: SealingIdentity = field(default_factory=SealingIdentity.generate)
    shelf: SegmentShelf = field(init=False)
    recording: Recording = field(init=False)
    free: int = 10**12

    async def start(self, *, is_fresh: bool = True) -> None:
        """Begin, or go on after a kill: what was in memory is gone."""
        self.shelf = SegmentShelf(self.folder, free=lambda _: self.free)
        await self.shelf.open()
        self.recording = Recording(
            Recorded(
                chain=self.shelf.chain(self.session, 1, View.FRONT),
                begins=BEGINS,
                key=self.key,
                recipient=self.office.recipient,
                is_fresh=is_fresh,
            ),
            self.shelf,
            self.journal.write,
            on_record=self.journal.end,
            rules=self.rules,
            camera=self.camera,
        )

    async def pieces(self, *numbers: int, since: int = BEGINS, encoder: int = 0) -> None:
        """Give pieces that follow one another: the first of an encoder at ``since``."""
        for n in numbers:
            await self.recording.piece(piece(n, since + n * PIECE_MS, encoder=encoder))

    def kept(self) -> list[SegmentManifest]:
        """Return the manifests that lie here, each opened by the session's key."""
        paths = sorted(self.folder.glob("*.segment"))
        return [open_manifest(read_segment(path)[0], self.key.public) for path in paths]

    def contents(self, n: int) -> bytes:
        """Return what the office reads in segment ``n``."""
        (path,) = self.folder.glob(f"*.{n:06d}.segment")
        return self.office.open(read_segment(path)[1])

    async def box_stores_all(self) -> list[SegmentManifest]:
        """Let the box store every segment; return what it has got."""
        kept = self.kept()
        for chain in self.shelf.chains():
            while (path := self.shelf.next_of(chain)) is not None:
                await self.shelf.stored(chain, path)
        return kept


def spans(manifests: list[SegmentManifest]) -> list[tuple[int, int]]:
    """Return from when to when, in seconds since the beginning."""
    return [((m.begins - BEGINS) // 1000, (m.ends - BEGINS) // 1000) for m in manifests]


def source() -> FromSeat:
    """Return whose view it is."""
    return FromSeat(session=SESSION, epoch=1)
