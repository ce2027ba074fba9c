"""Whatever happens to a view, every moment of its session is accounted for."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.segment import FIRST, SegmentManifest, manifest_digest
from terminal_agent.recording import CutRules, GapReason
from terminal_agent.segments import read_segment
from tests.recorded_view import BEGINS, PIECE_MS, RecordedView, piece

HAPPENINGS = st.lists(
    st.sampled_from(
        ["piece"] * 8 + ["lose a piece", "unplug", "kill", "full", "journal full", "room", "store"]
    ),
    max_size=60,
)


class Day:
    """A view, its clock and its encoder, and what the box has stored."""

    def __init__(self, folder: Path) -> None:
        self.view = RecordedView(folder, rules=CutRules(duration_ms=6_000))
        self.now = BEGINS
        self.encoder = self.n = 0
        self.stored: list[SegmentManifest] = []
        self.digests: list[str] = []

    async def happen(self, what: str) -> None:
        """Let one thing happen, and two seconds pass."""
        view = self.view
        match what:
            case "piece":
                await view.recording.piece(piece(self.n, self.now, encoder=self.encoder))
            case "unplug":
                await view.recording.lost(GapReason.CAMERA_LOST)
                self.encoder, self.n = self.encoder + 1, -1
            case "kill":
                await view.start(is_fresh=False)
                self.encoder, self.n = self.encoder + 1, -1
            case "full":
                view.free = 0
            case "journal full":
                view.free, view.journal.full = 0, True
            case "room":
                view.free, view.journal.full = 10**12, False
            case "store":
                await self.store()
        if what in {"piece", "lose a piece", "unplug", "kill"}:
            self.n, self.now = self.n + 1, self.now + PIECE_MS

    async def store(self) -> None:
        """Let the box take everything."""
        paths = sorted(self.view.folder.glob("*.segment"))
        self.digests += [manifest_digest(read_segment(path)[0]) for path in paths]
        self.stored += await self.view.box_stores_all()


async def account(happenings: list[str], folder: Path) -> Day:
    """Live through a day, to its end with room on the disk."""
    day = Day(folder)
    await day.view.start()
    for what in happenings:
        await day.happen(what)
    await day.happen("room")
    day.view.recording.since = None  # nothing more comes: wait for nothing
    await day.view.recording.end(day.now)
    await day.store()
    return day


@settings(max_examples=150)
@given(HAPPENINGS)
def test_every_moment_is_kept_or_a_gap_on_record(happenings: list[str]) -> None:
    """Segments and gaps cover the session once, but for holes too short to count."""
    with tempfile.TemporaryDirectory() as folder:
        day = asyncio.run(account(happenings, Path(folder) / "segments"))
    kept = [(m.begins, m.ends) for m in day.stored]
    gaps = [(gap.since, gap.until) for gap in day.view.journal.gaps]
    at = BEGINS
    for begins, ends in sorted(kept + gaps):
        at_the_beginning = 5_000 if at == BEGINS else 500
        assert begins - at <= at_the_beginning, (happenings, kept, gaps)
        assert begins >= at, (happenings, kept, gaps)
        at = ends
    assert day.now - at <= (5_000 if at == BEGINS else 500), (happenings, kept, gaps)


@settings(max_examples=60)
@given(HAPPENINGS)
def test_the_chain_has_no_hole(happenings: list[str]) -> None:
    """However often the seat is killed or full, manifests count from 1, each naming the last."""
    with tempfile.TemporaryDirectory() as folder:
        day = asyncio.run(account(happenings, Path(folder) / "segments"))
    assert [m.n for m in day.stored] == list(range(1, len(day.stored) + 1))
    assert [m.prev for m in day.stored] == [FIRST, *day.digests][: len(day.stored)]
