"""The box's log: what a checkpoint covers, what its proofs prove, and what outlasts a restart."""

import asyncio
import base64
from pathlib import Path

import pytest

from appliance.core import records
from appliance.core.log import Log
from drill.sample_office import SampleOffice
from protocol.checkpoint import Checkpoint, open_checkpoint
from protocol.errors import BrokenChainError
from protocol.log_entries import Granted
from protocol.merkle import MerkleTree, check_consistency, check_inclusion, leaf_hash
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from tests.core_hall import CoreHall, core_hall


def said(hall: CoreHall, note: str) -> Checkpoint:
    """Return what a checkpoint says, if the log's key has signed it."""
    key = hall.office.boxes[0].log_signing_key().public
    return open_checkpoint(note, hall.core.log.origin, key)


async def grow(hall: CoreHall, count: int) -> None:
    """Add leaves to the record, durably."""

    def write(connection: records.Connection) -> None:
        for _ in range(count):
            records.append_leaf(connection, Granted(at=1, grant="ab" * 32))

    await hall.database.write(write)


def leaves(hall: CoreHall) -> list[bytes]:
    """Return the hashes of the record's leaves."""
    return [leaf_hash(bytes(body)) for (body,) in hall.rows("SELECT body FROM leaves ORDER BY i")]


def raw(proof: tuple[str, ...]) -> list[bytes]:
    """Return a proof as hashes."""
    return [base64.b64decode(one) for one in proof]


def shown(hall: CoreHall) -> list[int]:
    """Return the sizes of the checkpoints that were shown."""
    return [size for (size,) in hall.rows("SELECT size FROM checkpoints ORDER BY size")]


async def test_a_checkpoint_is_the_root_over_all_durable_leaves(hall: CoreHall) -> None:
    """Signed by the log's key, for this box's log, and kept before it is shown."""
    await grow(hall, 5)
    checkpoint = said(hall, await hall.core.log.checkpoint())
    assert checkpoint.root == MerkleTree(leaves(hall)).root()
    assert checkpoint.size == len(leaves(hall)) == hall.core.log.size
    assert shown(hall)[-1] == checkpoint.size


async def test_without_a_new_leaf_there_is_no_new_checkpoint(hall: CoreHall) -> None:
    """The same words again, and nothing is written."""
    note, jobs = await hall.core.log.checkpoint(), hall.database.writer.jobs
    assert await hall.core.log.checkpoint() == note
    assert hall.database.writer.jobs == jobs


async def test_many_ask_at_once_and_the_tree_grows_once(hall: CoreHall) -> None:
    """Seats' beats come together: no leaf is taken into the tree twice."""
    await grow(hall, 9)
    notes = await asyncio.gather(*(hall.core.log.newest() for _ in range(8)))
    assert len(set(notes)) == 1
    assert said(hall, notes[0]).root == MerkleTree(leaves(hall)).root()


@pytest.mark.parametrize("more", [1, 2, 7, 64])
async def test_the_proofs_prove_growth_and_each_leaf(hall: CoreHall, more: int) -> None:
    """From any earlier size to the last, and for every leaf under the last checkpoint."""
    log = hall.core.log
    before = said(hall, await log.checkpoint())
    await grow(hall, more)
    after = said(hall, await log.checkpoint())
    start, proof = log.consistency(before.size)
    assert start == before.size
    check_consistency(before.size, before.root, after.size, after.root, raw(proof))
    for index, leaf in enumerate(leaves(hall)):
        check_inclusion(leaf, index, after.size, raw(log.inclusion(index)), after.root)
    with pytest.raises(BrokenChainError):
        check_inclusion(bytes(32), 0, after.size, raw(log.inclusion(0)), after.root)


@pytest.mark.parametrize("claimed", [0, 10**6])
async def test_a_seat_that_knows_nothing_or_too_much_gets_a_proof_from_the_start(
    hall: CoreHall, claimed: int
) -> None:
    """A size that this log never had is no place to prove from."""
    assert hall.core.log.consistency(claimed)[0] == 0


async def test_a_leaf_behind_the_checkpoint_is_not_spoken_of(hall: CoreHall) -> None:
    """What was committed since does not change the proofs that go with the last checkpoint."""
    before = said(hall, await hall.core.log.checkpoint())
    await grow(hall, 3)
    assert hall.core.log.size == before.size
    proof = raw(hall.core.log.inclusion(0))
    check_inclusion(leaves(hall)[0], 0, before.size, proof, before.root)


async def test_a_full_disk_leaves_the_checkpoint_where_it_is(hall: CoreHall) -> None:
    """The beat is answered with the one before; with room the next speaks of all leaves."""
    note = await hall.core.log.checkpoint()
    await grow(hall, 2)
    with FaultyDisk().installed() as disk:
        disk.full()
        assert await hall.core.log.newest() == note
        with pytest.raises(DiskFullError, match="make room"):
            await hall.core.log.checkpoint()
        assert hall.core.log.size == said(hall, note).size
        disk.room()
        assert said(hall, await hall.core.log.newest()).size == len(leaves(hall))


async def test_a_log_without_any_checkpoint_does_not_hide_a_full_disk(hall: CoreHall) -> None:
    """There is nothing older to show: the fault is raised."""
    await hall.database.write(lambda c: c.execute("DELETE FROM checkpoints"))
    log = Log(hall.database, hall.core.box, hall.office.boxes[0].log_signing_key())
    with FaultyDisk().installed() as disk:
        disk.full()
        with pytest.raises(DiskFullError):
            await log.resume()


async def test_the_checkpoint_outlasts_a_restart(office: SampleOffice, tmp_path: Path) -> None:
    """The box comes back with the same words, over the same leaves."""
    async with core_hall(tmp_path, office) as hall:
        await grow(hall, 4)
        note = await hall.core.log.checkpoint()
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert await again.core.log.newest() == note


async def test_the_box_comes_back_on_a_full_disk(office: SampleOffice, tmp_path: Path) -> None:
    """With leaves that no checkpoint covers yet it shows the last one, and goes on with room."""
    async with core_hall(tmp_path, office) as hall:
        note = await hall.core.log.checkpoint()
        await grow(hall, 4)
        log = Log(hall.database, hall.core.box, hall.office.boxes[0].log_signing_key())
        with FaultyDisk().installed() as disk:
            disk.full()
            await log.resume()
            assert await log.newest() == note
            start, proof = log.consistency(log.size)
            before = said(hall, note)
            check_consistency(start, before.root, log.size, before.root, raw(proof))
            disk.room()
            assert said(hall, await log.newest()).size == len(leaves(hall))


async def test_cosignatures_stand_beside_their_checkpoint(hall: CoreHall) -> None:
    """One line a seat, kept once; a size that was never shown has no checkpoint."""
    log = hall.core.log
    note = await log.checkpoint()
    for _ in range(2):
        await log.keep_cosignature(log.size, "a01", "line")
    assert hall.rows("SELECT size, seat, line FROM cosignatures") == [(log.size, "a01", "line")]
    assert await log.note_of(log.size) == note
    assert await log.note_of(10**6) is None
