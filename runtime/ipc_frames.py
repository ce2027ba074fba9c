"""What runs over a socket between two processes: frames, envelopes, and who may speak.

A frame is four bytes of length (big endian) and as many bytes of JSON: one `Envelope`, whose
``body`` is a message of the `Channel`'s unions, decoded only when its kind is known.
"""

import asyncio
import collections
import contextlib
import enum
import os
import socket
import struct
from collections.abc import Collection
from typing import Any, Final, Generic, TypeVar

import msgspec

from runtime.errors import IpcError, IpcFormatError, IpcTooLargeError

Q = TypeVar("Q")
A = TypeVar("A")
E = TypeVar("E")

_LENGTH: Final = struct.Struct(">I")
_CREDENTIALS: Final = struct.Struct("3i")
MAX_BYTES: Final = 1 << 20


class _Envelope(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    pass


class Ask(_Envelope, frozen=True, kw_only=True, tag="ask"):
    """A request; ``number`` 0 asks for no reply."""

    number: int
    body: msgspec.Raw


class Reply(_Envelope, frozen=True, kw_only=True, tag="reply"):
    """The reply to the request of that number."""

    number: int
    body: msgspec.Raw


class Fault(_Envelope, frozen=True, kw_only=True, tag="fault"):
    """Why the request of that number has no reply."""

    number: int
    code: str
    message: str


class Event(_Envelope, frozen=True, kw_only=True, tag="event"):
    """Something that the server tells all its clients."""

    body: msgspec.Raw


Envelope = Ask | Reply | Fault | Event
_DECODER: Final[msgspec.json.Decoder[Envelope]] = msgspec.json.Decoder(Envelope)
_ENCODER: Final = msgspec.json.Encoder()


class Channel(Generic[Q, A, E]):
    """What two processes have agreed to say: three types, usually unions of tagged structs.

    Annotate it where it is made, since a union is no ``type`` to the type checker::

        CHANNEL: Channel[Request, Reply, Event] = Channel(
            requests=Request, replies=Reply, events=Event
        )
    """

    def __init__(
        self, *, requests: Any, replies: Any, events: Any, max_bytes: int = MAX_BYTES
    ) -> None:
        self.max_bytes = max_bytes
        self._requests: msgspec.json.Decoder[Q] = msgspec.json.Decoder(requests)
        self._replies: msgspec.json.Decoder[A] = msgspec.json.Decoder(replies)
        self._events: msgspec.json.Decoder[E] = msgspec.json.Decoder(events)

    def request(self, body: msgspec.Raw) -> Q:
        """Decode a request or raise `IpcFormatError`."""
        return _decode(self._requests, body)

    def reply(self, body: msgspec.Raw) -> A:
        """Decode a reply or raise `IpcFormatError`."""
        return _decode(self._replies, body)

    def event(self, body: msgspec.Raw) -> E:
        """Decode an event or raise `IpcFormatError`."""
        return _decode(self._events, body)

    def frame(self, envelope: Envelope) -> bytes:
        """Encode ``envelope`` with its length, or raise `IpcTooLargeError`."""
        data = _ENCODER.encode(envelope)
        if len(data) > self.max_bytes:
            raise IpcTooLargeError(
                f"expected a message of at most {self.max_bytes} bytes, got {len(data)}; "
                "hand large things over as a file"
            )
        return _LENGTH.pack(len(data)) + data


def raw(message: object) -> msgspec.Raw:
    """Encode a message as the body of an envelope."""
    return msgspec.Raw(_ENCODER.encode(message))


async def receive(reader: asyncio.StreamReader, max_bytes: int) -> Envelope | None:
    """Return the next envelope, None when the other side has hung up.

    Raises `IpcTooLargeError` and `IpcFormatError`; the connection cannot be used after them.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > max_bytes:
            raise IpcTooLargeError(
                f"expected a message of at most {max_bytes} bytes, the frame says {length}"
            )
        data = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return _decode(_DECODER, data)


def _decode(decoder: "msgspec.json.Decoder[Q]", data: bytes | msgspec.Raw) -> Q:
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise IpcFormatError(
            f"expected a message that was agreed, got one that does not decode: {error}; "
            "are both programs of one release?"
        ) from error


class Overflow(enum.Enum):
    """What becomes of a message for which a bounded queue has no place."""

    DROP_OLDEST = "drop oldest"
    """The oldest that waits goes: for things of which only the newest counts."""
    REFUSE = "refuse"
    """The new one is refused: who gave it is told."""


class Outbox:
    """A bounded queue of frames, which never makes its giver wait."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        """Frames that had no place, since the beginning."""
        self._limit = limit
        self._frames: collections.deque[bytes] = collections.deque()
        self._filled = asyncio.Event()

    def put(self, frame: bytes, overflow: Overflow) -> bool:
        """Add ``frame``; False if it was refused."""
        if len(self._frames) >= self._limit:
            self.dropped += 1
            if overflow is Overflow.REFUSE:
                return False
            self._frames.popleft()
        self._frames.append(frame)
        self._filled.set()
        return True

    async def pump(self, writer: asyncio.StreamWriter) -> None:
        """Write what comes, one frame at a time, as fast as the other side reads; until cancelled.

        A connection that breaks ends it quietly: its reader finds out too.
        """
        with contextlib.suppress(ConnectionError):
            while True:
                while self._frames:
                    writer.write(self._frames.popleft())
                    await writer.drain()
                self._filled.clear()
                await self._filled.wait()


def our_uids() -> frozenset[int]:
    """Return whom we trust if nothing else was said: ourselves and root."""
    return frozenset({os.geteuid(), 0})


def check_peer(writer: asyncio.StreamWriter, allowed: Collection[int]) -> None:
    """Raise `IpcError` unless the process at the other end runs as an allowed user."""
    end: socket.socket = writer.get_extra_info("socket")
    packed = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(packed)
    if uid not in allowed:
        raise IpcError(
            f"expected a process of user {sorted(allowed)} at the socket, got process {pid} of "
            f"user {uid}; look at who runs it"
        )
