"""The paper's key: wrong codes cost time, each subject counts its own, P goes to who is in."""

import secrets
from pathlib import Path

import pytest

from appliance.core.release import wait_after
from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from protocol import staff_api as api
from protocol.codes import unlock_code_from
from protocol.log_entries import CodeTried, Released, decode_entry
from protocol.seat_api import PaperKeySaid
from runtime.faults import FaultyDisk
from tests.core_hall import MINUTE, START, CoreHall, core_hall, paper_key

UNLOCK = api.Unlock(subject=SUBJECT)


def wrong_code() -> str:
    """Return a code that is well formed and opens nothing."""
    return unlock_code_from(secrets.token_bytes(8))


def entries(hall: CoreHall, kind: type) -> list[object]:
    """Return the leaves of a kind."""
    bodies = (bytes(body) for (body,) in hall.rows("SELECT body FROM leaves ORDER BY i"))
    return [entry for body in bodies if isinstance(entry := decode_entry(body), kind)]


@pytest.mark.parametrize(
    ("wrong", "wait"), [(0, 0), (2, 0), (3, 5_000), (4, 10_000), (8, 160_000), (1000, 300_000)]
)
def test_waiting_grows_and_has_an_end(wrong: int, wait: int) -> None:
    """Nothing for two slips, then doubling, five minutes at the most: never a lock-out."""
    assert wait_after(wrong) == wait


async def test_wrong_codes_are_on_record_and_cost_time(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The third makes everybody wait, over a restart too; then the right one opens."""
    right = office.codes[0].reveal()
    async with core_hall(tmp_path, office) as hall:
        for number in range(3):
            reply = await hall.act(UNLOCK, (wrong_code(),))
            assert isinstance(reply, api.ActRefused)
            assert reply.code is api.ActRefusal.WRONG_CODE
            assert hall.status().wrong_codes == number + 1
        reply = await hall.act(UNLOCK, (right,))
        assert isinstance(reply, api.ActRefused)
        assert (reply.code, reply.at) == (api.ActRefusal.WAIT, hall.now() + 5_000)
        assert "08:40:05" in reply.text_zh  # in the hall's zone
        tried = entries(hall, CodeTried)
        assert [(one.opened, one.wrong_so_far) for one in tried] == [
            (False, 1), (False, 2), (False, 3),
        ]  # fmt: skip
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert again.status().wrong_codes == 3
        assert isinstance(await again.act(UNLOCK, (right,)), api.ActRefused)
        again.steady.advance(5_000)
        assert isinstance(await again.act(UNLOCK, (right,)), api.ActDone)
        status = again.status()
        assert status.subject is not None
        assert (status.subject.unlocked, status.next_code_at) == (True, 0)


async def test_a_slip_of_the_finger_is_no_try(hall: CoreHall) -> None:
    """A code whose check character is wrong is told by its group, and counts nothing."""
    code = hall.office.codes[0].reveal()
    slipped = code[:-1] + ("2" if code[-1] != "2" else "3")
    reply = await hall.act(UNLOCK, (slipped,))
    assert isinstance(reply, api.ActRefused)
    assert "第 3 组" in reply.text_zh or "group" in reply.text
    assert (hall.status().wrong_codes, entries(hall, CodeTried)) == (0, [])


async def test_wrong_codes_count_for_their_own_subject(hall: CoreHall) -> None:
    """Slips over one paper make nobody wait before another."""
    await hall.database.write(
        lambda c: c.executemany(
            "INSERT INTO wrong_codes (subject, at) VALUES ('practical', ?)",
            [(hall.now(),) for _ in range(9)],
        )
    )
    await hall.core.release.resume()
    assert hall.core.release.tries("practical").wrong == 9
    assert hall.core.release.tries(SUBJECT).wrong == 0


async def test_a_clock_that_was_set_back_makes_nobody_wait_longer(hall: CoreHall) -> None:
    """The wait is at most what so many wrong codes cost, whatever hall time was then."""
    late = hall.now() + 24 * 60 * MINUTE
    await hall.database.write(
        lambda c: c.executemany(
            "INSERT INTO wrong_codes (subject, at) VALUES (?, ?)", [(SUBJECT, late)] * 3
        )
    )
    await hall.core.release.resume()
    assert hall.core.release.tries(SUBJECT).next_at == hall.now() + 5_000


async def test_p_goes_at_the_start_to_who_is_through_the_door(hall: CoreHall) -> None:
    """One line to who waits, none to who is not let in; who comes later gets it then."""
    await hall.waiting(0)
    await hall.log_in(1)
    waiting, seated = hall.link(0), hall.link(1)
    hall.unlocked(paper_key(hall.office))
    hall.hall.subjects[SUBJECT].armed_start = START
    hall.until(START)
    await hall.core.release.release(SUBJECT)
    await hall.core.release.release(SUBJECT)
    (said,) = [one for one in waiting.heard() if isinstance(one, PaperKeySaid)]
    assert said.key == paper_key(hall.office).dangerous_text()
    assert not [one for one in seated.heard() if isinstance(one, PaperKeySaid)]
    assert len(entries(hall, Released)) == 1


async def test_nothing_is_released_that_is_not_on_record(
    office: SampleOffice, tmp_path: Path
) -> None:
    """With a full disk no seat gets P; with room again it does."""
    with FaultyDisk().installed() as disk:
        async with core_hall(tmp_path, office) as hall:
            await hall.waiting(0)
            link = hall.link(0)
            hall.unlocked(paper_key(office))
            disk.full()
            with pytest.raises(Exception, match="disk"):
                await hall.core.release.release(SUBJECT)
            assert not [one for one in link.heard() if isinstance(one, PaperKeySaid)]
            assert not hall.hall.subjects[SUBJECT].released
            disk.room()
            await hall.core.release.release(SUBJECT)
            assert [one for one in link.heard() if isinstance(one, PaperKeySaid)]
