"""Found, reachable, paired and ready are four things, judged from facts and the time."""

import pytest

from appliance.ipc.discovery import SeatFacts, Standing, TerminalSeen, standing

NOW = 1_000_000


def seen(*, probed_ago: int | None = 1_000, reached: bool = True) -> TerminalSeen:
    return TerminalSeen(
        name="a-01",
        seat="a-01",
        addresses=("10.77.0.2:9001",),
        first_heard=0,
        last_heard=0,
        probed=None if probed_ago is None else NOW - probed_ago,
        reached=reached,
    )


BEAT, OLD_BEAT = NOW - 15_000, NOW - 15_001

TABLE = {
    "never heard of": (SeatFacts(), ""),
    "heard, not yet probed": (SeatFacts(seen=seen(probed_ago=None, reached=False)), "found"),
    "heard, answers": (SeatFacts(seen=seen()), "found reachable"),
    "heard, did not answer": (SeatFacts(seen=seen(reached=False)), "found"),
    "answered half a minute ago": (SeatFacts(seen=seen(probed_ago=30_000)), "found reachable"),
    "answered longer ago": (SeatFacts(seen=seen(probed_ago=30_001)), "found"),
    "paired and switched off": (SeatFacts(paired=True), "paired"),
    "paired, heard, does not answer": (
        SeatFacts(paired=True, seen=seen(reached=False)),
        "found paired",
    ),
    "linked where mDNS does not pass": (
        SeatFacts(paired=True, last_beat=BEAT),
        "found reachable paired",
    ),
    "linked and checked": (
        SeatFacts(paired=True, last_beat=BEAT, checks_passed=True),
        "found reachable paired ready",
    ),
    "silent since its checks": (
        SeatFacts(paired=True, last_beat=OLD_BEAT, checks_passed=True),
        "paired",
    ),
    "certificate revoked while linked": (
        SeatFacts(paired=False, last_beat=BEAT, checks_passed=True),
        "found reachable",
    ),
    "a stranger that answers is not ready": (
        SeatFacts(seen=seen(), checks_passed=True),
        "found reachable",
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_standing(case: str) -> None:
    """Each line of the table gives just the words that stand there."""
    facts, words = TABLE[case]
    expected = {word: word in words.split() for word in ("found", "reachable", "paired", "ready")}
    assert standing(facts, NOW) == Standing(**expected)
