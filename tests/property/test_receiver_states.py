"""Whatever comes in whatever order, and however often it is killed, the catalogue is right."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from central.layout import Layout
from central.receiving.judgement import Fault, Refused, Taken
from central.receiving.receiver import NoSuchUpload, Piece, Progress, Receiver, WrongOffset
from central.receiving.service import open_receiver
from central.registry import RegistryFolder
from protocol.parcel import FIRST, Lane
from runtime.database import Database
from runtime.errors import DiskError
from runtime.faults import FaultyDisk
from tests.sample_office import NOW, SampleOffice
from tests.sample_parcels import Lanes, SampleParcel

OFFICE = SampleOffice()
LANES = Lanes(OFFICE.recipient, OFFICE.main)
GOOD = [LANES.parcel(Lane.ANSWERS, blobs=[bytes([n]) * 40]) for n in range(3)]
FORK = LANES.make(Lane.ANSWERS, 1, FIRST, blobs=[b"another history"])
FORGED = Lanes(OFFICE.recipient, OFFICE.box("box-1")).parcel(Lane.ANSWERS)
FILES = [*GOOD, FORK, FORGED]
CLIENTS = ["1" * 64, "2" * 64]


class Receiving(RuleBasedStateMachine):
    """A receiver, two boxes that send five files in pieces, a disk that fills, and kills.

    The model knows which files have been sent whole; of the two parcels under one key the
    first that arrived whole must be the one that is kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.layout: Layout = OFFICE.lay_out(Path(self.folder.name) / "office")
        self.loop = asyncio.new_event_loop()
        self.taken: dict[str, SampleParcel] = {}
        self.start()

    def start(self) -> None:
        """Open the receiver over what is on the disk."""
        self.stack = contextlib.AsyncExitStack()
        registry = RegistryFolder(self.layout.registry, OFFICE.signing_key.public)
        opened = open_receiver(self.layout, registry, lambda: NOW)
        self.receiver: Receiver
        self.database: Database
        self.receiver, self.database = self.run(self.stack.enter_async_context(opened))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        """End the receiver."""
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    @rule(file=st.sampled_from(FILES), client=st.sampled_from(CLIENTS), share=st.integers(0, 3))
    def send(self, file: SampleParcel, client: str, share: int) -> None:
        """Create (again), then send so many thirds of what is missing."""
        self.run(self._send(file, client, share))

    @rule(
        file=st.sampled_from(FILES),
        client=st.sampled_from(CLIENTS),
        after=st.integers(0, 9),
    )
    def send_into_a_full_disk(self, file: SampleParcel, client: str, after: int) -> None:
        """The same with a disk that fills up somewhere on the way."""
        with FaultyDisk().installed() as disk:
            disk.full(after=after)
            with contextlib.suppress(DiskError):
                self.run(self._send(file, client, 3))
        self.learn()

    def learn(self) -> None:
        """Take over what was committed while nobody could be told."""
        for name, digest in self.run(self.database.read(_digests)).items():
            (file,) = [file for file in FILES if file.digest == digest]
            self.taken.setdefault(name, file)

    @rule(file=st.sampled_from(FILES), at=st.integers(0, 100))
    def send_at_a_wrong_offset(self, file: SampleParcel, at: int) -> None:
        """Bytes that do not belong where the file ends are refused, or they did belong."""

        async def wrong() -> None:
            created = await self.receiver.create(CLIENTS[0], len(file.data), file.sha256)
            piece = _piece(b"x", created.offset + at + 1)
            outcome = await self.receiver.receive(CLIENTS[0], created.upload, piece)
            assert isinstance(outcome, WrongOffset | NoSuchUpload)
            self.note(file, created)

        self.run(wrong())

    @rule(file=st.sampled_from(FILES))
    def bring_by_stick(self, file: SampleParcel) -> None:
        """The same file on a stick."""
        path = self.layout.incoming / file.key.file_name
        path.write_bytes(file.data)
        outcome = self.run(self.receiver.take_file(path))
        self.judged(file, outcome)
        assert not path.exists()

    @rule()
    def kill(self) -> None:
        """Begin again with what is on the disk."""
        self.run(self.stack.aclose())
        self.start()
        self.learn()

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def send_what_is_here(self, data: st.DataObject) -> None:
        """A parcel that is here is known at once, from whichever client."""
        file = data.draw(st.sampled_from(sorted(self.taken.values(), key=lambda f: f.digest)))
        self.run(self._send(file, CLIENTS[1], 3))

    async def _send(self, file: SampleParcel, client: str, share: int) -> None:
        progress = await self.receiver.create(client, len(file.data), file.sha256)
        self.note(file, progress)
        missing = len(file.data) - progress.offset
        if progress.outcome is not None or not missing:
            return
        end = progress.offset + missing * share // 3
        piece = _piece(file.data[progress.offset : end], progress.offset)
        outcome = await self.receiver.receive(client, progress.upload, piece)
        assert isinstance(outcome, Progress)
        assert outcome.offset == end
        assert (outcome.outcome is None) == (end < len(file.data))
        self.note(file, outcome)

    def note(self, file: SampleParcel, progress: Progress) -> None:
        """Check an outcome, where there is one."""
        if progress.outcome is not None:
            self.judged(file, progress.outcome)

    def judged(self, file: SampleParcel, outcome: Taken | Refused) -> None:
        """Check a verdict against the model."""
        first = self.taken.get(file.key.file_name)
        if file is FORGED:
            assert isinstance(outcome, Refused)
            assert outcome.fault is Fault.BAD_SIGNATURE
        elif first is None or first is file:
            assert isinstance(outcome, Taken), outcome
            assert outcome.digest == file.digest
            self.taken[file.key.file_name] = file
        else:
            assert isinstance(outcome, Refused)
            assert outcome.fault is Fault.FORK

    @invariant()
    def what_is_catalogued_is_what_is_kept(self) -> None:
        """Every row has its file, byte for byte; every file that is kept has its row."""
        rows = self.run(self.database.read(_digests))
        for name, file in self.taken.items():
            assert rows[name] == file.digest
        for path in self.layout.parcels.rglob("*.parcel"):
            (file,) = [file for file in FILES if file.data == path.read_bytes()]
            assert rows[path.name] == file.digest
            assert file is not FORGED


def _digests(connection: Any) -> dict[str, str]:
    names = {file.digest: file.key.file_name for file in FILES}
    rows = connection.execute("SELECT digest FROM parcel")
    return {names[row[0]]: row[0] for row in rows}


def _piece(data: bytes, offset: int) -> Piece:
    async def body() -> AsyncIterator[bytes]:
        yield data

    return Piece(offset=offset, body=body(), checksum=None, end=lambda: None)


TestReceiving = Receiving.TestCase
TestReceiving.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
