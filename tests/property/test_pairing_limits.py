"""Whatever guessers do, the limits of pairing hold."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.pairing_limits import MINUTE_MS, GuessLimiter, Limits

LIMITS = Limits()

guessers = st.lists(
    st.tuples(st.integers(min_value=0, max_value=20_000), st.sampled_from("abcdefghij")),
    max_size=200,
)
"""(milliseconds since the one before, source) of each wish to guess."""


def wrong_guesses(wishes: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The guesses that the limiter lets through, every one of them wrong."""
    limiter, now, made = GuessLimiter(LIMITS), 0, []
    for gap, source in wishes:
        now += gap
        if limiter.wait_ms(source, now) == 0:
            limiter.wrong(source, now)
            made.append((now, source))
    return made


@given(guessers)
def test_never_more_than_twenty_in_any_minute(wishes: list[tuple[int, str]]) -> None:
    """In every window of a minute at most twenty wrong codes were let through."""
    times = [time for time, _ in wrong_guesses(wishes)]
    for first in times:
        assert sum(first <= time < first + MINUTE_MS for time in times) <= LIMITS.a_minute


@given(guessers)
def test_each_source_waits_longer_each_time(wishes: list[tuple[int, str]]) -> None:
    """Between two guesses of a source lie 1, 2, 4 ... seconds, up to a minute."""
    made = wrong_guesses(wishes)
    for source in {source for _, source in made}:
        times = [time for time, by in made if by == source]
        wrong = 0
        for before, after in itertools.pairwise(times):
            wrong += 1
            if after - before >= LIMITS.forgiven_after_ms:
                wrong = 0
                continue
            least = min(LIMITS.first_wait_ms * 2 ** (wrong - 1), LIMITS.longest_wait_ms)
            assert after - before >= least


@given(guessers, st.sampled_from("abcdefghijk"))
def test_the_wait_is_told_truly(wishes: list[tuple[int, str]], source: str) -> None:
    """Whoever waits as long as told may try then, and not a millisecond before."""
    limiter, now = GuessLimiter(LIMITS), 0
    for gap, by in wishes:
        now += gap
        limiter.wrong(by, now)
    wait = limiter.wait_ms(source, now)
    assert 0 <= wait <= MINUTE_MS
    assert limiter.wait_ms(source, now + wait) == 0
    if wait:
        assert limiter.wait_ms(source, now + wait - 1) == 1


@given(st.lists(st.integers(min_value=0, max_value=10**6), max_size=300))
def test_what_is_remembered_is_bounded(sources: list[int]) -> None:
    """A thousand names cost no more memory than the limit says."""
    limiter = GuessLimiter(Limits(sources=16))
    for now, source in enumerate(sources):
        limiter.wrong(str(source), now)
    assert len(limiter._sources) <= 16
    assert len(limiter._recent) <= LIMITS.a_minute


def test_a_right_seat_is_not_held_up_by_its_neighbours_mistake() -> None:
    """One source's wrong codes make no other source wait before the minute is full."""
    limiter = GuessLimiter(LIMITS)
    for now in range(LIMITS.a_minute - 1):
        limiter.wrong("clumsy", now)
    assert limiter.wait_ms("clumsy", 20) > 0
    assert limiter.wait_ms("other", 20) == 0
