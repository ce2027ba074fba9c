"""The seat as a witness: which answers of the box it follows, ignores, or calls a fork."""

import base64
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from protocol.checkpoint import Checkpoint, sign_checkpoint
from protocol.errors import BrokenChainError
from protocol.keys import SigningKey
from protocol.merkle import MerkleTree, leaf_hash
from protocol.seat_api import HallBeat
from terminal_agent.witness import Witness

ORIGIN = "examhall/c1/s1/box-1/1"
LOG_KEY = SigningKey.generate()


@dataclass
class Box:
    """A box's log, in memory."""

    tree: MerkleTree = field(default_factory=MerkleTree)

    def grow(self, *leaves: str) -> None:
        """Add leaves."""
        for leaf in leaves:
            self.tree.append(leaf_hash(leaf.encode()))

    def answer(self, asked: int) -> HallBeat:
        """Answer a beat that asked from so many leaves on."""
        size = len(self.tree)
        note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=self.tree.root()), LOG_KEY)
        return HallBeat(
            hall_time=1_000,
            sent=1,
            subject=None,
            checkpoint=note,
            proof_from=asked,
            proof=tuple(
                base64.b64encode(one).decode() for one in self.tree.consistency_proof(asked, size)
            ),
        )


class Kept:
    """The spool, as far as a witness needs it."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    async def keep_checkpoint(self, origin: str, size: int, note: str) -> None:
        self.notes[origin] = note

    async def checkpoints(self) -> dict[str, str]:
        return self.notes


@pytest.fixture
def witness() -> Witness:
    """A witness that has seen nothing yet."""
    manifest = SimpleNamespace(centre="c1", sitting=SimpleNamespace(id="s1"))
    hall = SimpleNamespace(
        log_origin=ORIGIN, log_key=LOG_KEY.public, manifest=manifest, seat=SimpleNamespace(id="a1")
    )
    return Witness(cast("Any", Kept()), cast("Any", hall), SigningKey.generate())


async def test_a_log_that_only_grows_is_cosigned_again_and_again(witness: Witness) -> None:
    """Each answer proves from what was seen, and is cosigned."""
    box, signed = Box(), set()
    for leaves in (("a",), ("b", "c"), ("d",)):
        box.grow(*leaves)
        await witness.hear(box.answer(witness.ask()))
        signed.add(witness.cosignature)
    assert witness.ask() == 4
    assert len(signed) == 3


async def test_an_answer_to_what_was_asked_before_the_last_one_was_kept_is_no_fork(
    witness: Witness,
) -> None:
    """Two beats may be on the way at once: the second answer waits for the next beat."""
    box = Box()
    box.grow("a")
    first = witness.ask()
    assert witness.ask() == first == 0
    await witness.hear(box.answer(first))
    box.grow("b")
    await witness.hear(box.answer(0))
    assert witness.ask() == 1
    await witness.hear(box.answer(1))
    assert witness.ask() == 2


async def test_a_proof_from_elsewhere_than_was_asked_is_a_fork(witness: Witness) -> None:
    """A box cannot choose what it is held to."""
    box = Box()
    box.grow("a", "b")
    await witness.hear(box.answer(witness.ask()))
    box.grow("c")
    assert witness.ask() == 2
    for other in (0, 1):
        with pytest.raises(BrokenChainError, match="expected a proof from 2 leaves"):
            await witness.hear(box.answer(other))


async def test_a_log_that_was_rewritten_is_a_fork(witness: Witness) -> None:
    """Another history of the same size or longer does not prove from what was seen."""
    box, other = Box(), Box()
    box.grow("a", "b")
    await witness.hear(box.answer(witness.ask()))
    other.grow("a", "x", "c")
    with pytest.raises(BrokenChainError):
        await witness.hear(other.answer(witness.ask()))
