"""What the checks of one parcel may look at: the store, the boxes, what came in the parcel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from central.registry import Box, Registry
from central.store import journals
from central.store.journals import Epoch
from central.store.tables import BoxPlace, Connection, Place
from protocol.envelope import Envelope, open_envelope, unsafe_payload
from protocol.errors import BrokenChainError, UntrustedError
from protocol.keys import VerifyKey
from protocol.merkle import MerkleTree
from protocol.parcel import ParcelHeader
from protocol.payload_types import PayloadType
from protocol.values import Value, decode

T = TypeVar("T", bound=Value)
TreeOf = Callable[[Connection, BoxPlace], MerkleTree]


class WaitsError(Exception):
    """Something of another lane must come first; nothing was taken."""


class ContradictionError(BrokenChainError):
    """A record that cannot be true beside what is held."""

    code = "P320"


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything that checks of one parcel need. ``box`` signed its header."""

    store: Connection
    header: ParcelHeader
    box: Box
    registry: Registry
    office_key: VerifyKey
    blobs: Mapping[str, bytes]
    tree_of: TreeOf

    @property
    def place(self) -> Place:
        """The sitting of the centre."""
        return Place(self.header.key.centre, self.header.key.sitting)

    @property
    def box_place(self) -> BoxPlace:
        """The generation of the box that made the parcel."""
        key = self.header.key
        return BoxPlace(key.centre, key.sitting, key.appliance, key.generation)

    def epoch(self, session: str, number: int) -> Epoch | None:
        """Return an epoch of this centre and sitting; another's is none of this box's business."""
        epoch = journals.epoch_of(self.store, session, number)
        if epoch is not None:
            expect("session: sitting", Place(epoch.grant.centre, epoch.grant.sitting), self.place)
        return epoch

    def box_named(self, appliance: str) -> Box:
        """Return a box of the same centre and sitting: a spare goes on with main's grants."""
        key = self.header.key
        box = self.registry.box(key.centre, key.sitting, appliance)
        if box is None:
            raise UntrustedError(
                f"expected a box of {key.centre} in sitting {key.sitting}; got {appliance!r}"
            )
        return box

    def open_by_named_box(
        self, envelope: Envelope, payload_type: PayloadType, expected: type[T]
    ) -> T:
        """Open what a box signed that its own content names as ``appliance``.

        The claim is read first only to find the key; with it everything is verified.
        """
        claimed = decode(unsafe_payload(envelope), expected)
        appliance: str = getattr(claimed, "appliance")  # noqa: B009 - each expected type has it
        key = self.box_named(appliance).key
        return open_envelope(envelope, payload_type, key, expected)


def expect(what: str, expected: object, came: object) -> None:
    """Raise `ContradictionError` unless the two are equal."""
    if expected != came:
        raise ContradictionError(f"{what}: expected {_short(expected)}; got {_short(came)}")


def _short(value: object) -> str:
    shown = str(value)
    most = 80
    return shown if len(shown) <= most else f"{shown[:most]}..."
