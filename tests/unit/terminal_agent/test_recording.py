"""From pieces to kept segments, and from holes to gaps on record."""

import asyncio
from pathlib import Path

import pytest

from protocol.segment import FIRST, View, check_sealed, manifest_digest
from terminal_agent.recording import CutRules, GapReason
from terminal_agent.segments import read_segment
from tests.recorded_view import BEGINS, Journal, RecordedView, piece, source, spans


@pytest.fixture
async def view(tmp_path: Path) -> RecordedView:
    """A view whose session has just begun, before a camera."""
    made = RecordedView(tmp_path / "segments", rules=CutRules(duration_ms=10_000))
    await made.start()
    return made


def seconds(journal: Journal) -> list[tuple[int, int, str]]:
    """Return the gaps on record, in seconds since the beginning."""
    return [
        ((gap.since - BEGINS) // 1000, (gap.until - BEGINS) // 1000, gap.reason.value)
        for gap in journal.gaps
    ]


async def test_pieces_become_a_segment_when_they_are_long_enough(view: RecordedView) -> None:
    """Five pieces of two seconds are one segment of ten, joined, sealed, signed and whole."""
    await view.pieces(0, 1, 2, 3)
    assert view.kept() == []
    await view.pieces(4)
    (manifest,) = view.kept()
    assert (manifest.source, manifest.n, manifest.prev) == (source(), 1, FIRST)
    assert (manifest.pieces, manifest.ends - manifest.begins) == (5, 10_000)
    assert manifest.complete
    expected = b"encoder 0 " + b"".join(piece(n, 0).data for n in range(5))
    assert view.contents(1) == expected


async def test_nothing_but_sealed_bytes_touches_the_disk(view: RecordedView) -> None:
    """No file of the folder holds what was seen, whether or not the segment is complete."""
    await view.pieces(*range(7))
    await view.recording.pause()
    for path in view.folder.iterdir():
        assert b"piece" not in path.read_bytes()
        assert b"encoder" not in path.read_bytes()


async def test_segments_count_and_name_the_one_before(view: RecordedView) -> None:
    """Each manifest names the one before it, and its digest is that of the sealed bytes."""
    await view.pieces(*range(15))
    manifests = view.kept()
    assert spans(manifests) == [(0, 10), (10, 20), (20, 30)]
    paths = sorted(view.folder.glob("*.segment"))
    envelopes = [read_segment(path)[0] for path in paths]
    assert [m.prev for m in manifests] == [FIRST, *map(manifest_digest, envelopes[:-1])]
    assert all(check_sealed(m, read_segment(p)[1]) for m, p in zip(manifests, paths, strict=True))


async def test_another_encoder_begins_another_segment(view: RecordedView) -> None:
    """Pieces of two encoders are never joined."""
    await view.pieces(0, 1)
    await view.recording.piece(piece(0, BEGINS + 4_000, encoder=1))
    await view.recording.pause()
    assert spans(view.kept()) == [(0, 4), (4, 6)]
    assert view.journal.gaps == []


async def test_a_lost_piece_is_a_gap(view: RecordedView) -> None:
    """A number that is missing ends the segment, and its two seconds are on record."""
    await view.pieces(0, 1, 3, 4)
    await view.recording.pause()
    assert spans(view.kept()) == [(0, 4), (6, 10)]
    assert seconds(view.journal) == [(4, 6, "pieces_lost")]


async def test_a_segment_is_cut_before_it_is_too_large(tmp_path: Path) -> None:
    """No segment grows beyond the rule's bytes, though its time is not up."""
    view = RecordedView(tmp_path / "segments", rules=CutRules(plain_bytes=2_500))
    await view.start()
    for n in range(4):
        await view.recording.piece(piece(n, BEGINS + n * 2_000, size=1_000))
    await view.recording.pause()
    assert spans(view.kept()) == [(0, 4), (4, 8)]


async def test_one_piece_beyond_the_largest_segment_is_a_gap(view: RecordedView) -> None:
    """What no manifest may carry is dropped and said, and the view goes on."""
    await view.recording.piece(piece(0, BEGINS, size=17 * 1024 * 1024))
    await view.pieces(1, 2, 3, 4, 5)
    assert spans(view.kept()) == [(2, 12)]
    assert seconds(view.journal) == [(0, 2, "too_large")]


async def test_pictures_from_before_the_session_are_not_taken(view: RecordedView) -> None:
    """A piece that began before the log-in is left out; the first two seconds are no gap."""
    await view.recording.piece(piece(0, BEGINS - 500))
    await view.recording.piece(piece(1, BEGINS + 1_500))
    await view.recording.pause()
    (manifest,) = view.kept()
    assert manifest.begins == BEGINS + 1_500
    assert view.journal.gaps == []


async def test_a_camera_that_is_pulled_leaves_a_gap(view: RecordedView) -> None:
    """What was seen is kept at once; the gap is on record when the pictures come again."""
    await view.pieces(0, 1)
    await view.recording.lost(GapReason.CAMERA_LOST)
    assert spans(view.kept()) == [(0, 4)]
    assert view.recording.since is None
    assert view.journal.gaps == []
    await view.recording.piece(piece(0, BEGINS + 9_000, encoder=1))
    assert seconds(view.journal) == [(4, 9, "camera_lost")]
    assert view.recording.since == BEGINS + 9_000


async def test_a_session_without_a_camera_is_one_gap(tmp_path: Path) -> None:
    """No camera from the first to the last moment is on record as such."""
    view = RecordedView(tmp_path / "segments", camera=False)
    await view.start()
    await view.recording.end(BEGINS + 60_000)
    assert seconds(view.journal) == [(0, 60, "no_camera")]
    assert view.shelf.chain(*_chain()).end().n == 0
    assert view.shelf.chain(*_chain()).ended


async def test_the_end_takes_the_piece_that_it_falls_into(view: RecordedView) -> None:
    """The last two seconds are waited for, and what is seen after the end is not kept."""
    await view.pieces(0, 1)
    ending = asyncio.ensure_future(view.recording.end(BEGINS + 5_000))
    await asyncio.sleep(0)
    await view.pieces(2, 3)
    await ending
    assert spans(view.kept()) == [(0, 6)]
    assert view.journal.gaps == []


async def test_the_end_of_a_view_that_is_lost_waits_for_nothing(view: RecordedView) -> None:
    """Without a camera the end comes at once, with its gap."""
    await view.pieces(0, 1)
    ending = asyncio.ensure_future(view.recording.end(BEGINS + 5_000))
    await asyncio.sleep(0)
    await view.recording.lost(GapReason.CAMERA_LOST)
    async with asyncio.timeout(2):
        await ending
    assert seconds(view.journal) == [(4, 5, "camera_lost")]


async def test_a_hand_in_is_told_of_the_gap_that_is_open(view: RecordedView) -> None:
    """The journal ends with the hand-in: the open gap goes in before it, and not again."""
    await view.pieces(0, 1)
    assert view.recording.open_gap(BEGINS + 5_000) is None
    await view.recording.lost(GapReason.CAMERA_LOST)
    gap = view.recording.open_gap(BEGINS + 50_000)
    assert gap is not None
    view.journal.gaps.append(gap)
    await view.recording.end(BEGINS + 50_100)
    assert seconds(view.journal) == [(4, 50, "camera_lost")]


# --- started again ---------------------------------------------------------------------------


async def test_a_seat_started_again_goes_on_with_the_chain(view: RecordedView) -> None:
    """After a kill the next number follows the last kept; what was in memory is a gap."""
    await view.pieces(*range(8))  # ten seconds are kept, six are lost
    await view.start(is_fresh=False)
    for n in range(5):
        await view.recording.piece(piece(n, BEGINS + 21_000 + n * 2_000, encoder=1))
    assert [m.n for m in view.kept()] == [1, 2]
    assert spans(view.kept()) == [(0, 10), (21, 31)]
    assert seconds(view.journal) == [(10, 21, "seat_restarted")]


async def test_a_chain_goes_on_though_the_box_has_everything(view: RecordedView) -> None:
    """Files may be deleted at the seat: number, digest and frontier are kept beside them."""
    await view.pieces(*range(5))
    (first,) = await view.box_stores_all()
    last = view.shelf.chain(*_chain()).last
    assert view.kept() == []
    await view.start(is_fresh=False)
    await view.recording.piece(piece(0, BEGINS + 12_000, encoder=1))
    await view.recording.pause()
    (second,) = view.kept()
    assert (first.n, second.n, second.prev) == (1, 2, last)
    assert seconds(view.journal) == [(10, 12, "seat_restarted")]


async def test_a_gap_on_record_is_not_put_there_again_after_a_restart(
    view: RecordedView,
) -> None:
    """The journal's last gap counts for the frontier as a kept segment does."""
    await view.pieces(0, 1)
    await view.recording.lost(GapReason.CAMERA_LOST)
    await view.recording.piece(piece(0, BEGINS + 20_000, encoder=1))
    await view.start(is_fresh=False)
    await view.recording.piece(piece(0, BEGINS + 30_000, encoder=2))
    assert seconds(view.journal) == [(4, 20, "camera_lost"), (20, 30, "seat_restarted")]


async def test_the_end_is_known_after_a_restart(view: RecordedView) -> None:
    """A view that has ended is announced by the next run, until the box knows."""
    await view.pieces(*range(5))
    await view.recording.end(BEGINS + 10_000)
    await view.start(is_fresh=False)
    await view.box_stores_all()
    (chain,) = view.shelf.chains()
    assert chain.ended
    assert chain.end().n == 1
    await view.shelf.told(chain)
    assert view.shelf.chains() == []


async def test_a_damaged_segment_is_set_aside(view: RecordedView) -> None:
    """A file that the disk has spoilt stops neither the start nor the chain."""
    await view.pieces(*range(10))
    first = min(view.folder.glob("*.segment"))
    first.write_bytes(b"spoilt")
    await view.start(is_fresh=False)
    assert not first.exists()
    assert first.with_suffix(".damaged").read_bytes() == b"spoilt"
    assert [m.n for m in view.kept()] == [2]
    assert view.shelf.chain(*_chain()).n == 2


# --- no room -----------------------------------------------------------------------------------


async def test_recordings_leave_room_to_answers(view: RecordedView) -> None:
    """With too little room nothing is written, and the time is a gap on record at once."""
    view.free = 1_000_000
    await view.pieces(*range(5))
    assert view.kept() == []
    assert seconds(view.journal) == [(0, 10, "seat_disk")]
    view.free = 10**12
    await view.pieces(*range(5, 10))
    assert [(m.n, m.prev) for m in view.kept()] == [(1, FIRST)]


async def test_no_segment_is_kept_while_a_gap_is_not_on_record(view: RecordedView) -> None:
    """While the journal refuses, recording waits, and what is dropped is one gap at last."""
    view.free, view.journal.full = 0, True
    await view.pieces(*range(5))
    view.free = 10**12
    await view.pieces(*range(5, 10))
    assert (view.kept(), view.journal.gaps) == ([], [])
    view.journal.full = False
    await view.pieces(*range(10, 15))
    assert spans(view.kept()) == [(20, 30)]
    assert seconds(view.journal) == [(0, 20, "seat_disk")]


def _chain() -> tuple:
    return source().session, source().epoch, View.FRONT
