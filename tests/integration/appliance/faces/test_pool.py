"""The workers: real processes, killed, hung and fed too much."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import cv2
import pytest

from appliance.faces.errors import NoPictureError, SupersededError, WorkerLostError
from appliance.faces.look import Describe, Scale
from appliance.faces.pool import Lost, Pool
from drill import faces
from drill.clips import sample_roster_photo


@pytest.fixture(scope="module")
def photo():
    return sample_roster_photo(faces.VICE_PRESIDENT)


@pytest.fixture(scope="module")
def huge():
    """A picture that takes a good while in double size."""
    picture = cv2.resize(faces.picture(faces.VICE_PRESIDENT), (3000, 3000))
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()


SLOW = (Scale.DOUBLE,)


async def test_a_worker_looks_and_says_its_build(photo):
    """A picture comes back as one face with a descriptor of 128 numbers."""
    async with Pool(workers=1) as pool:
        look = await pool.look("seat-1", photo)
        assert "dlib" in pool.build
    assert len(look.faces) == 1
    assert len(look.faces[0].descriptor or ()) == 128


async def test_no_picture_harms_no_worker(photo):
    """Bytes that are no picture are refused, and the same process goes on."""
    async with Pool(workers=1) as pool:
        before = pool.pids
        with pytest.raises(NoPictureError, match="expected a JPEG"):
            await pool.look("seat-1", b"GIF89a")
        await pool.look("seat-1", photo, describe=Describe.NONE)
        assert pool.pids == before


async def test_the_newest_picture_of_a_seat_wins(photo, huge):
    """While the worker is busy, a seat's older picture gives way to its newer one."""
    async with Pool(workers=1) as pool:
        busy = asyncio.ensure_future(pool.look("other", huge, scales=SLOW, describe=Describe.NONE))
        await asyncio.sleep(0)
        older = asyncio.ensure_future(pool.look("seat-1", photo))
        await asyncio.sleep(0)
        newer = asyncio.ensure_future(pool.look("seat-1", photo))
        with pytest.raises(SupersededError):
            await older
        assert not busy.done()
        assert len((await newer).faces) == 1
        await busy


async def test_a_worker_killed_over_a_picture_is_replaced_and_told(photo):
    """It fails that picture, is told with its signal, and another process goes on."""
    told: list[Lost] = []
    async with Pool(workers=1, on_lost=told.append) as pool:
        (victim,) = pool.pids
        await pool.look("seat-1", photo, describe=Describe.NONE)
        os.kill(victim, signal.SIGSTOP)
        looking = asyncio.ensure_future(pool.look("seat-1", photo))
        await asyncio.sleep(0)
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(WorkerLostError, match=str(victim)):
            await looking
        look = await pool.look("seat-1", photo)
        assert len(look.faces) == 1
        assert victim not in pool.pids
    assert [(lost.pid, lost.pause_s) for lost in told] == [(victim, 0.0)]
    assert "-9" in told[0].reason or "over a picture" in told[0].reason


async def test_an_idle_worker_that_is_killed_is_replaced(photo):
    """Its end is noticed and told without a picture to look at."""
    told: asyncio.Queue[Lost] = asyncio.Queue()
    async with Pool(workers=1, on_lost=told.put_nowait) as pool:
        (victim,) = pool.pids
        os.kill(victim, signal.SIGKILL)
        lost = await asyncio.wait_for(told.get(), 20)
        assert (lost.pid, lost.pause_s) == (victim, 0.5)
        await pool.look("seat-1", photo, describe=Describe.NONE)


async def test_a_worker_that_hangs_is_replaced(photo):
    """A stopped process is killed after the patience, and the pool goes on."""
    told: list[Lost] = []
    async with Pool(workers=1, on_lost=told.append, patience=3) as pool:
        (victim,) = pool.pids
        await pool.look("seat-1", photo, describe=Describe.NONE)
        os.kill(victim, signal.SIGSTOP)
        with pytest.raises(WorkerLostError):
            await pool.look("seat-1", photo)
        await pool.look("seat-1", photo, describe=Describe.NONE)
    assert [lost.pid for lost in told] == [victim]


async def test_no_worker_outlives_its_pool(photo):
    """Leaving the pool ends the processes."""
    async with Pool(workers=1) as pool:
        (pid,) = pool.pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


SERVICE = """
import asyncio, sys
from appliance.faces.pool import Pool

async def main():
    async with Pool(workers=1) as pool:
        print(*pool.pids, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_no_worker_outlives_a_service_that_was_killed():
    """Killed with -9, the service can end nobody; its worker ends by itself."""
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVICE,
        cwd=Path(__file__).parents[4], stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert service.stdout is not None
    worker = int(await asyncio.wait_for(service.stdout.readline(), 60))
    watch = os.pidfd_open(worker)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watch, ended.set)
    service.kill()
    await service.wait()
    await asyncio.wait_for(ended.wait(), 20)
    asyncio.get_running_loop().remove_reader(watch)
    os.close(watch)
