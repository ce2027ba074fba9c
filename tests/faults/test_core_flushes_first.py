"""The order of a real core's system calls: an answer is on the medium before it is acknowledged."""

from pathlib import Path

from exam.session import State
from protocol.journal import Answered
from protocol.seat_api import Acknowledged, LoggedIn
from tests import tracing
from tests.attacked_hall import attacked_hall
from tests.tracing import Call
from tests.waiting import until

ANSWERS = 8


async def _core_is_traced(folder: Path) -> list[Call]:
    """Send answers to a real core over mutual TLS, one after the other; return its calls."""
    output = folder / "trace"
    under = tracing.strace(output, "-D", shown=5_000)  # -D: core itself is our child
    async with attacked_hall(folder, under=under) as hall, hall.seat("a01") as seat:
        assert isinstance(await seat.log_in(0), LoggedIn)
        await hall.until_state("a01", State.IDENTIFIED)
        for n in range(ANSWERS):
            response = {"type": "chosen", "options": [f"mark-{n}-here"]}
            reply = await seat.write((Answered, {"item": "q-01", "response": response}))
            assert isinstance(reply, Acknowledged)
        core = hall.process.pid
    await until(lambda: tracing.exit_code(output.read_text("utf-8", "replace"), core) == 0)
    return tracing.read(output.read_text("utf-8", "replace"))


async def test_the_acknowledgement_leaves_after_the_flush_that_holds_the_answer(
    tmp_path: Path,
) -> None:
    """Log written, log flushed, then one reply: for every answer in turn."""
    calls = await _core_is_traced(tmp_path)
    replies = [c for c in calls if c.name in {"sendto", "sendmsg", "write"} and "<TCP:" in c[1]]
    written = [tracing.first(calls, "pwrite64", f"mark-{n}-here") for n in range(ANSWERS)]
    for n, write in enumerate(written):
        assert "core.db-wal" in write.arguments
        until = written[n + 1].begun if n + 1 < ANSWERS else calls[-1].ended + 1
        (reply,) = (c for c in replies if write.ended < c.begun < until)
        assert tracing.flushed_between(calls, "core.db-wal", write, reply)
