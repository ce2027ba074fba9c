"""The console's dialogs, key by key, against the real staff server on a real Unix socket."""

from pathlib import Path

from msgspec.structs import replace

from protocol.staff_api import OpenDoors, StaffAct
from tests import sample_halls as halls
from tests.consoles import console


async def test_the_next_key_opens_the_doors(tmp_path: Path) -> None:
    """N, Enter in the morning confirms the clock, and the next step is another."""
    async with console(halls.morning(), tmp_path) as c:

        def confirmed(_act: StaffAct):
            return replace(halls.morning(), clock_confirmed_by="wang", tasks=())

        c.desk.follows = confirmed
        await c.press("n", "enter")
        await c.until(lambda: bool(c.desk.asked))
        assert c.desk.asked[0].act == OpenDoors(correction=0)
        assert c.desk.asked[0].staff == "wang"
        await c.until(c.has("等待配对"))
