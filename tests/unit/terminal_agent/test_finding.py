"""The seat tries every address it knows of, and takes only the one that proves real."""

import asyncio

from protocol.discovery import HELLO, Address
from runtime.mdns import Heard
from terminal_agent.finding import HEARD_ADDRESSES, Candidate, Candidates, Finder, Source

REAL, TYPED, LIAR = Address("10.0.0.1", 1), Address("10.0.0.2", 2), Address("10.6.6.6", 6)


async def no_network():
    """A machine without a cable."""
    yield ()
    await asyncio.Event().wait()


def addresses(candidates: Candidates) -> list[Address]:
    return [each.address for each in candidates.ordered()]


def test_what_worked_comes_first_then_what_people_gave() -> None:
    """The order is: worked, given, heard; each address once, under its best source."""
    candidates = Candidates([Candidate(TYPED, Source.TYPED)])
    candidates.hear([LIAR, REAL, TYPED])
    assert addresses(candidates) == [TYPED, LIAR, REAL]
    candidates.tried(REAL, real=True)
    assert candidates.ordered() == (
        Candidate(REAL, Source.WORKED),
        Candidate(TYPED, Source.TYPED),
        Candidate(LIAR, Source.HEARD),
    )


def test_a_flood_pushes_nobody_out() -> None:
    """What was heard first stays until it proves false; what people gave stays in any case."""
    candidates = Candidates([Candidate(TYPED, Source.BUNDLE)])
    candidates.hear([REAL])
    for number in range(1000):
        candidates.hear([Address("10.6.6.6", number)])
    assert len(addresses(candidates)) == HEARD_ADDRESSES + 1
    assert {REAL, TYPED} <= set(addresses(candidates))


def test_what_proved_false_makes_room() -> None:
    """Full of liars, the list takes the real one in the place of one that was tried."""
    candidates = Candidates()
    liars = [Address("10.6.6.6", number) for number in range(HEARD_ADDRESSES)]
    candidates.hear(liars)
    assert not candidates.hear([REAL])
    candidates.tried(liars[3], real=False)
    assert candidates.hear([REAL])
    assert REAL in addresses(candidates)
    assert liars[3] not in addresses(candidates)


async def test_the_search_ends_at_the_real_one() -> None:
    """Strangers and the dead are passed over; the proof of the real one is returned."""
    finder = Finder(machine=1, given=[Candidate(LIAR, Source.TYPED), Candidate(REAL, Source.QR)])

    async def prove(address: Address) -> str | None:
        return "proof" if address == REAL else None

    assert await finder.search(prove) == "proof"
    assert finder.candidates[0] == Candidate(REAL, Source.WORKED)


async def test_a_slow_stranger_holds_nobody_up() -> None:
    """While one address does not answer, the others are tried; then its try is ended."""
    finder = Finder(machine=1, given=[Candidate(LIAR, Source.TYPED), Candidate(REAL, Source.QR)])
    ended = asyncio.Event()

    async def prove(address: Address) -> str | None:
        if address == REAL:
            return "proof"
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    assert await finder.search(prove) == "proof"
    assert ended.is_set()


async def test_an_address_that_comes_later_is_tried_at_once() -> None:
    """A search that has nothing wakes when an address is typed or heard."""
    finder = Finder(machine=1)
    tried = asyncio.Queue()

    async def prove(address: Address) -> Address | None:
        tried.put_nowait(address)
        return address if address == REAL else None

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        search = group.create_task(finder.search(prove))
        finder.give(TYPED, Source.TYPED)
        assert await tried.get() == TYPED
        finder._heard(Heard(instance="box", addresses=(REAL.host,), port=REAL.port, hints={}))
        assert await search == REAL


async def test_at_most_four_are_tried_at_once() -> None:
    """A list full of liars costs four connections at a time, not sixteen."""
    finder = Finder(machine=1)
    for number in range(12):
        finder.give(Address("10.6.6.6", 1 + number), Source.TYPED)
    finder.give(REAL, Source.TYPED)
    now, most = 0, 0

    async def prove(address: Address) -> str | None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return "proof" if address == REAL else None

    assert await finder.search(prove) == "proof"
    assert most == 4


async def test_the_open_port_says_one_line_and_reads_nothing() -> None:
    """Whatever is sent to a terminal's port, it says its line and hangs up."""
    finder = Finder(machine=1, hello_host="127.0.0.1", networks=no_network)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(finder.run())
        reader, writer = await asyncio.open_connection("127.0.0.1", await finder.hello_port())
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.readline() == HELLO
        writer.close()
        running.cancel()
