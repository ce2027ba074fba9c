"""Vectors of grants, events, the hash chain, heads, batches and acknowledgements."""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec

from protocol import journal as j
from protocol.envelope import Envelope
from protocol.grant import Grant, Position, sign_grant
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType
from protocol.values import encode
from tests.vectors.making import samples as s
from tests.vectors.making.decisions import paused, signed_fields
from tests.vectors.making.vector import ACCEPTED, Vector, altered, base64_of


def make() -> Iterator[Vector]:
    yield from _grants()
    yield from _events()
    yield _chain()
    yield from _heads_and_words()
    yield from _good_batches()
    yield from _refused_batches()


# --- grants ----------------------------------------------------------------------------------


def _grants() -> Iterator[Vector]:
    second = sign_grant(s.GRANT_2, s.BOX)
    yield _grant("epoch_1", "The first grant of a session", s.GRANT_ENVELOPE, s.GRANT)
    yield _grant("epoch_2", "The candidate moves to another seat", second, s.GRANT_2)
    yield _grant(
        "refused_other_box", "Signed by the spare box", sign_grant(s.GRANT, s.SPARE), "P200"
    )
    for name, about, changes in (
        ("epoch_0", "Epochs count from 1", {"epoch": 0}),
        ("epoch_1_with_previous", "Epoch 1 follows nothing", {"previous": s.position(9)}),
        ("epoch_2_without_previous", "Epoch 2 must say what it follows", {"epoch": 2}),
        ("epoch_3_after_1", "An epoch is left out", {"epoch": 3, "previous": s.position(9)}),
        ("unknown_field", "A field that nobody knows", {"note": ""}),
        ("seat_in_capitals", "A seat that is no identifier", {"seat": "A-07"}),
    ):
        fields = msgspec.to_builtins(s.GRANT) | msgspec.to_builtins(changes)
        yield _grant(
            f"refused_{name}", about, signed_fields(PayloadType.GRANT, fields, s.BOX), "P100"
        )


def _grant(name: str, about: str, envelope: Envelope, outcome: Grant | str) -> Vector:
    good = isinstance(outcome, Grant)
    return Vector(
        format="grant",
        name=name,
        about=about,
        expects=ACCEPTED if good else outcome,
        keys={"box": s.BOX},
        input={"envelopes": [envelope], "signer": "box"},
        output=[{"value": outcome, "digest": envelope.digest}] if good else None,
    )


# --- events and the chain --------------------------------------------------------------------


def _more_events() -> tuple[j.Event, ...]:
    return (
        j.Left(**s.moment(12), cause="blur"),
        j.Returned(**s.moment(13), away_ms=4200),
        j.HandRaised(**s.moment(14), text="耳机没有声音"),
        j.NoticeConfirmed(**s.moment(15), notice=s.digest_named("notice")),
        j.DecisionReceived(**s.moment(16), decision=paused()),
        j.PictureGap(
            **s.moment(17),
            view="front",
            since=s.NINE_O_CLOCK,
            until=s.NINE_O_CLOCK + 8_000,
            reason="unplugged",
        ),
    )


def _events() -> Iterator[Vector]:
    every = (*s.EVENTS, *_more_events())
    yield Vector(
        format="event",
        name="every_kind",
        about="Every kind of event in its one encoding: control characters and text beyond the BMP",
        input={"texts": [j.encode_event(event).decode() for event in every]},
        output=list(every),
    )
    body = s.BODIES[6].decode()
    cases = {
        "unknown_kind": body.replace('"kind":"answer"', '"kind":"guess"'),
        "number_0": body.replace('"n":7', '"n":0'),
        "space": body.replace(",", ", ", 1),
        "response_of_unknown_type": body.replace('"type":"chosen"', '"type":"drawn"'),
        "option_by_position": body.replace('["b"]', "[1]"),
        "lone_surrogate": s.BODIES[8].decode().replace("碳达峰", "\\ud800"),
        "decomposed_escape": s.BODIES[8].decode().replace("\u00e9 ", "\\u00e9 "),
        "cut_short": body[:-2],
        "nested_too_deeply": "[" * 5000,
    }
    for name, text in cases.items():
        yield Vector(
            format="event",
            name=f"refused_{name}",
            about=f"An event that is not to be read: {name.replace('_', ' ')}",
            expects="P100",
            input={"texts": [text]},
        )


def _chain() -> Vector:
    return Vector(
        format="chain",
        name="eleven_events",
        about='link(0) = SHA-256("examhall journal 1" || grant digest); '
        'link(n) = SHA-256("examhall event 1" || link(n-1) || SHA-256(event))',
        input={
            "grant_digest": s.GRANT_ENVELOPE.digest,
            "events": [body.decode() for body in s.BODIES],
        },
        output={"links": s.LINKS},
    )


def _heads_and_words() -> Iterator[Vector]:
    head = s.head(7)
    yield Vector(
        format="head",
        name="after_seven_events",
        about="What the seat signs with each batch",
        keys={"session": s.SESSION_KEY},
        input={"envelopes": [head], "signer": "session"},
        output=[{"value": _payload(head), "digest": head.digest}],
    )
    word = s.acknowledgement(7)
    for name, about, envelope, expects in (
        ("after_seven_events", "The box's word that seven events are on its disk", word, ACCEPTED),
        (
            "refused_other_box",
            "The word of a box that did not grant",
            s.acknowledgement(7, s.SPARE),
            "P200",
        ),
        ("refused_a_head_instead", "The seat's own head, given back", head, "P200"),
    ):
        good = expects == ACCEPTED
        yield Vector(
            format="acknowledgement",
            name=name,
            about=about,
            expects=expects,
            keys={"box": s.BOX},
            input={"envelopes": [envelope], "signer": "box"},
            output=[{"value": _payload(envelope), "digest": envelope.digest}] if good else None,
        )


def _payload(envelope: Envelope) -> Any:
    return msgspec.json.decode(base64.b64decode(envelope.payload))


# --- batches ---------------------------------------------------------------------------------


def _batch(
    name: str,
    about: str,
    batch: j.Batch | str,
    stands: Position,
    outcome: tuple[list[int], Position] | str,
    *,
    grant: Envelope = s.GRANT_ENVELOPE,
) -> Vector:
    good = not isinstance(outcome, str)
    return Vector(
        format="batch",
        name=name,
        about=about,
        expects=ACCEPTED if good else outcome,
        keys={"box": s.BOX},
        input={
            "grant": grant,
            "box": "box",
            "acknowledged": stands,
            "batch": batch if isinstance(batch, str) else s.wire(batch),
        },
        output={"new": outcome[0], "position": outcome[1]} if good else None,
    )


def _good_batches() -> Iterator[Vector]:
    p = s.position
    yield _batch("first", "The first events of an epoch", s.batch(1, 3), s.START, ([1, 2, 3], p(3)))
    yield _batch("next", "The next ones", s.batch(4, 11), p(3), (list(range(4, 12)), p(11)))
    yield _batch("replayed", "Acknowledged before: nothing is new", s.batch(4, 7), p(7), ([], p(7)))
    yield _batch("replayed_older", "An old batch again", s.batch(1, 3), p(7), ([], p(7)))
    yield _batch("overlapping", "Partly known", s.batch(4, 9), p(7), ([8, 9], p(9)))
    yield _batch("no_events", "The head alone, once more", s.batch(8, 7), p(7), ([], p(7)))
    second = sign_grant(s.GRANT_2, s.BOX)
    yield _batch(
        "epoch_2",
        "The first event after a move: numbers begin again, the chain begins at the new grant",
        _of_epoch_2(second.digest),
        j.start_position(s.GRANT_2, second.digest),
        ([1], Position(epoch=2, n=1, head=_link_2(second.digest))),
        grant=second,
    )


def _link_2(digest: str) -> str:
    return j.next_link(j.first_link(digest), s.BODIES[0])


def _of_epoch_2(digest: str, key: SigningKey = s.SESSION_KEY_2) -> j.Batch:
    head = s.head(1, epoch=2, head=_link_2(digest), key=key)
    return s.batch(1, 1, epoch=2, head=head)


def _refused_batches() -> Iterator[Vector]:
    p = s.position
    raw = tuple(msgspec.Raw(body) for body in s.BODIES)
    forked = s.BODIES[6].replace(b'["b"]', b'["a"]')
    fork_link = j.next_link(s.LINKS[6], forked)
    fork = s.batch(7, 7, events=(msgspec.Raw(forked),), head=s.head(7, head=fork_link))
    longer = j.chain(fork_link, s.BODIES[7:9])
    spaced = msgspec.Raw(s.BODIES[3].replace(b",", b", "))
    cases: tuple[tuple[str, str, j.Batch | str, Position, str], ...] = (
        ("gap", "Event 4 is missing before them", s.batch(5, 7), p(3), "P300"),
        ("hole", "Event 5 is missing among them", s.batch(4, 7, events=(raw[3], raw[5], raw[6])), p(3), "P300"),
        ("reordered", "Events 5 and 6 exchanged", s.batch(4, 7, events=(raw[3], raw[5], raw[4], raw[6])), p(3), "P300"),
        ("cut", "The last event is missing", s.batch(4, 7, events=raw[3:6]), p(3), "P300"),
        ("too_many", "An event beyond the head", s.batch(4, 7, events=raw[3:8]), p(3), "P300"),
        ("altered", "An event was altered after the head was signed", s.batch(4, 7, events=(*raw[3:6], msgspec.Raw(forked))), p(3), "P310"),
        ("forked_at_the_same_event", "Another event 7, well signed, after the first was acknowledged", fork, p(7), "P310"),
        ("forked_and_longer", "It goes on after another event 7 than the one acknowledged", s.batch(8, 9, head=s.head(9, head=longer)), p(7), "P310"),
        ("not_canonical", "An event with spaces, over which the chain was computed", s.batch(4, 4, events=(spaced,), head=s.head(4, head=j.next_link(s.LINKS[3], bytes(spaced)))), p(3), "P100"),
        ("not_an_event", "A number where an event belongs", s.batch(4, 4, events=(msgspec.Raw(b"4"),)), p(3), "P100"),
        ("other_key", "The head is signed by another seat's session key", s.batch(4, 7, head=s.head(7, key=s.SESSION_KEY_2)), p(3), "P200"),
        ("acknowledgement_for_head", "An acknowledgement in the place of the head", s.batch(4, 7, head=s.acknowledgement(7)), p(3), "P200"),
        ("head_of_another_session", "The head names another session", s.batch(4, 7, head=s.head(7, session=s.id_named("another"))), p(3), "P300"),
        ("other_session", "The batch names another session", s.batch(4, 7, session=s.id_named("another")), p(3), "P300"),
    )  # fmt: skip
    for name, about, batch, stands, expects in cases:
        yield _batch(f"refused_{name}", about, batch, stands, expects)
    yield _batch(
        "refused_first_0",
        "Events count from 1",
        s.wire(s.batch(1, 1)).replace('"first":1', '"first":0'),
        s.START,
        "P100",
    )
    second = sign_grant(s.GRANT_2, s.BOX)
    yield _batch(
        "refused_old_epoch",
        "The tail of epoch 1 comes after the move",
        s.batch(10, 11),
        j.start_position(s.GRANT_2, second.digest),
        "P300",
        grant=second,
    )
    stolen = altered(
        s.head(7),
        payload=base64_of(encode(j.Head(session=s.SESSION, epoch=1, n=7, head=fork_link))),
    )
    yield _batch(
        "refused_head_written_over",
        "The head was changed to fit an altered event, the signature stayed",
        s.batch(7, 7, events=(msgspec.Raw(forked),), head=stolen),
        p(6),
        "P200",
    )
