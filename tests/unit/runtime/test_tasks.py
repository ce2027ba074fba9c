"""Supervised tasks: none dies unheard, and none holds up the end for longer than its deadline."""

import asyncio

import pytest

from runtime.errors import ServiceError
from runtime.tasks import Tasks


async def forever() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


async def crash() -> None:
    """Raise at once."""
    raise ZeroDivisionError("no more candidates")


async def end() -> None:
    """Return at once."""


async def block_with(name: str, work, body=None) -> None:
    """Run one task beside a block that waits for ``body``, or for ever."""
    async with Tasks("core") as tasks:
        tasks.start(name, work)
        await (body or forever())


async def test_leaving_ends_the_tasks_last_first() -> None:
    """Tasks are cancelled in the reverse order of their start, each awaited before the next."""
    order = []

    async def note(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            order.append(name)

    async with Tasks("core") as tasks:
        for name in ("first", "second", "third"):
            tasks.start(name, note(name))
        assert tasks.names == ["core: first", "core: second", "core: third"]
        await asyncio.sleep(0)
    assert order == ["third", "second", "first"]
    assert tasks.names == []


async def test_crash_ends_the_block_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    """A crash cancels what the block waits for, is logged with its traceback, and comes out."""
    with pytest.raises(ServiceError, match="core: count crashed: no more") as caught:
        await block_with("count", crash())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert "ZeroDivisionError: no more candidates" in caplog.text
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_return_is_a_fault_unless_it_was_expected() -> None:
    """A task that should live for ever and returns ends the block; one that may end does not."""
    with pytest.raises(ServiceError, match="nobody had asked"):
        await block_with("serve", end())
    async with Tasks("core") as tasks:
        await tasks.start("fetch", end(), may_end=True)
        await asyncio.sleep(0)
        assert tasks.names == []


async def test_stubborn_task_is_left_behind_at_its_deadline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A task that swallows its cancellation is named and left; the end goes on."""
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    async with asyncio.timeout(5):
        async with Tasks("core") as tasks:
            left = tasks.start("stubborn", stubborn(), deadline=0.1)
            await asyncio.sleep(0)
    assert "core: stubborn did not end within 0.1 s: left behind" in caplog.text
    let_go.set()
    await left


async def test_crash_while_ending_is_not_swallowed() -> None:
    """A task that fails to clean up is reported, though the end was asked for."""

    async def fail_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("could not close")

    with pytest.raises(ServiceError, match="could not close"):
        await block_with("close", fail_to_end(), asyncio.sleep(0))


async def test_error_of_the_block_comes_first() -> None:
    """What the block itself raises is what comes out, and its tasks have ended."""
    task = None

    async def block() -> None:
        nonlocal task
        async with Tasks("core") as tasks:
            task = tasks.start("serve", forever())
            await asyncio.sleep(0)
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await block()
    assert task is not None
    assert task.cancelled()


async def test_cancellation_from_outside_goes_on_outwards() -> None:
    """Who cancels the owner is not told that a service failed."""

    async def block() -> None:
        async with Tasks("core") as tasks:
            tasks.start("serve", forever())
            await forever()

    outer = asyncio.ensure_future(block())
    await asyncio.sleep(0)
    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer


async def test_nothing_is_started_after_the_end() -> None:
    """A task started outside its block is refused, and its coroutine closed."""
    async with Tasks("core") as tasks:
        pass
    with pytest.raises(ServiceError, match="within the block"):
        tasks.start("late", forever())
