"""Lane evidence: earlier heads, and the box's log with its checkpoints and cosignatures."""

from central.store import evidence, journals
from central.store.tables import BoxPlace
from central.verification.context import Context, ContradictionError, WaitsError, expect
from protocol.checkpoint import Checkpoint, check_cosignature, cosigner, open_checkpoint, origin
from protocol.envelope import unsafe_payload
from protocol.errors import BrokenChainError, ForkError, ProtocolError
from protocol.journal import Head, open_head
from protocol.keys import VerifyKey
from protocol.log_entries import Decided, Entry, Granted, Opened, Paired, decode_entry
from protocol.merkle import leaf_hash
from protocol.parcel import HeadRecord, LogRecord
from protocol.values import decode


def take_head(context: Context, record: HeadRecord) -> None:
    """Check an earlier head against the events that are held, and keep it."""
    claimed = decode(unsafe_payload(record.head), Head)
    epoch = context.epoch(claimed.session, claimed.epoch)
    if epoch is None or epoch.held.n < claimed.n:
        raise WaitsError(
            f"session {claimed.session}: its journal to event {claimed.n} has not come"
        )
    head = open_head(record.head, epoch.session_key)
    link = journals.link_at(context.store, epoch, head.n)
    if link != head.head:
        raise ForkError(
            f"session {head.session}: the seat signed {head.head[:16]} at event {head.n}, "
            f"the journal here is {link[:16]}: two histories"
        )
    journals.put_head(context.store, head, record.head)


def take_log(context: Context, record: LogRecord) -> None:
    """Check the next leaves of the box's log, and keep them.

    1. They follow what is held, or repeat it byte for byte.
    2. Each is an entry in its one encoding; the first of a generation says which it is.
    3. The box's log key signed the checkpoint, and it stands over exactly these leaves: so
       every earlier checkpoint that is held is a prefix of it.
    4. Cosignatures of seats that are known by their pairing are verified; others are kept.
    """
    place = context.box_place
    bodies = [bytes(leaf) for leaf in record.leaves]
    # 1
    held = evidence.log_size(context.store, place)
    repeated = _check_follows(context, place, record.first, bodies, held)
    # 2
    entries = [decode_entry(body) for body in bodies[repeated:]]
    if held == 0 and entries:
        _check_opened(context, place, entries[0])
    # 3
    name = log_name(place)
    checkpoint = open_checkpoint(record.checkpoint, name, context.box.log_key)
    _check_root(context, place, bodies[repeated:], checkpoint)
    evidence.put_leaves(context.store, place, held, bodies[repeated:])
    for entry in entries:
        _note(context, place, entry)
    evidence.put_checkpoint(context.store, place, checkpoint, record.checkpoint)
    # 4
    _take_cosignatures(context, place, record, checkpoint)


def _note(context: Context, place: BoxPlace, entry: Entry) -> None:
    """Keep what other checks and the account ask the log for."""
    match entry:
        case Paired(seat=seat, seat_key=key):
            evidence.put_seat_key(context.store, place, seat, key)
        case Granted(grant=digest) | Decided(decision=digest):
            evidence.put_logged(context.store, place, digest)
        case _:
            pass


def _check_follows(
    context: Context, place: BoxPlace, first: int, bodies: list[bytes], held: int
) -> int:
    if first > held:
        raise BrokenChainError(
            f"log of {place.appliance}: expected leaves from {held} on; got them from {first} on"
        )
    repeated = min(held - first, len(bodies))
    if evidence.leaves(context.store, place, first, repeated) != bodies[:repeated]:
        raise ForkError(f"log of {place.appliance}: leaves that are held came with other bytes")
    return repeated


def _check_opened(context: Context, place: BoxPlace, entry: Entry) -> None:
    if not isinstance(entry, Opened):
        raise ContradictionError(
            "the first leaf of a generation: expected 'opened', "
            f"got {type(entry).__struct_config__.tag!r}"
        )
    expect(
        "opened: appliance and generation",
        (place.appliance, place.generation),
        (entry.appliance, entry.generation),
    )
    for note in entry.seen:
        _check_seen(context, place, note)


def _check_seen(context: Context, place: BoxPlace, note: str) -> None:
    """Refuse a checkpoint that seats showed and that the earlier log, as held, does not fit."""
    named = note.partition("\n")[0]
    for appliance, generation in evidence.generations(context.store, place.place):
        earlier = BoxPlace(place.centre, place.sitting, appliance, generation)
        if log_name(earlier) != named:
            continue
        log_key = context.box_named(appliance).log_key
        seen = open_checkpoint(note, named, log_key)
        tree = context.tree_of(context.store, earlier)
        if seen.size <= len(tree) and tree.root(seen.size) != seen.root:
            raise ForkError(
                f"log {named}: the seats saw another log of {seen.size} leaves than came here"
            )


def _check_root(
    context: Context, place: BoxPlace, new: list[bytes], checkpoint: Checkpoint
) -> None:
    tree = context.tree_of(context.store, place)
    for body in new:
        tree.append(leaf_hash(body))
    if checkpoint.size > len(tree):
        raise BrokenChainError(
            f"checkpoint of {checkpoint.size} leaves: {len(tree)} have come, "
            "an earlier parcel is missing or was refused"
        )
    if tree.root(checkpoint.size) != checkpoint.root:
        raise ForkError(
            f"log of {place.appliance}: the checkpoint of {checkpoint.size} leaves does not "
            "stand over the leaves that came: the log was rewritten"
        )


def _take_cosignatures(
    context: Context, place: BoxPlace, record: LogRecord, checkpoint: Checkpoint
) -> None:
    for line in record.cosignatures:
        seat = line.partition(" ")[2].partition(" ")[0].rpartition("/")[2]
        name = cosigner(place.centre, place.sitting, seat)
        keys = evidence.seat_keys(context.store, place, seat)
        verified = any(_fits(record.checkpoint, line, name, key) for key in keys)
        evidence.put_cosignature(
            context.store, place, checkpoint.size, line, seat, verified=verified
        )


def log_name(place: BoxPlace) -> str:
    """Return the origin of a box's log."""
    return origin(place.centre, place.sitting, place.appliance, place.generation)


def _fits(note: str, line: str, name: str, key: str) -> bool:
    try:
        check_cosignature(note, line, name, VerifyKey.from_hex(key))
    except ProtocolError:
        return False
    return True
