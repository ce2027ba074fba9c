"""Who may speak to the page's server."""

import pytest

from terminal_agent.gate import Ask, Barrier, Facts, barrier, cookie_for

HOST = "127.0.0.1:4001"
COOKIE = cookie_for("token")
OURS = {"host": HOST, "origin": f"http://{HOST}", "fetch_site": "same-origin", "cookie": COOKIE}


@pytest.mark.parametrize("ask", list(Ask))
def test_our_page_passes(ask: Ask) -> None:
    """A request of our own page passes every check."""
    assert barrier(ask, Facts(**OURS), host=HOST, cookie=COOKIE) is None


@pytest.mark.parametrize("ask", list(Ask))
@pytest.mark.parametrize("host", ["", "localhost:4001", "evil.example:4001", "127.0.0.1", "[::1]"])
def test_another_host_name_is_turned_away(ask: Ask, host: str) -> None:
    """A name rebound to 127.0.0.1 does not pass, whatever else the request carries."""
    facts = Facts(**{**OURS, "host": host})
    assert barrier(ask, facts, host=HOST, cookie=COOKIE) is Barrier.HOST


@pytest.mark.parametrize("ask", list(Ask))
@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:9", "https://127.0.0.1:4001"])
def test_another_origin_is_turned_away(ask: Ask, origin: str) -> None:
    """A page of another origin does not pass, cookie or not."""
    facts = Facts(**{**OURS, "origin": origin})
    assert barrier(ask, facts, host=HOST, cookie=COOKIE) is Barrier.ORIGIN


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (Ask.FILE, None),
        (Ask.READ, None),
        (Ask.ENTER, Barrier.ORIGIN),
        (Ask.CHANGE, Barrier.ORIGIN),
    ],
)
def test_what_changes_something_needs_an_origin(ask: Ask, expected: Barrier | None) -> None:
    """A request without Origin may read with the cookie, and changes nothing."""
    facts = Facts(**{**OURS, "origin": ""})
    assert barrier(ask, facts, host=HOST, cookie=COOKIE) is expected


def test_a_cross_site_request_is_turned_away() -> None:
    """What the browser itself calls cross-site does not pass."""
    facts = Facts(**{**OURS, "fetch_site": "cross-site"})
    assert barrier(Ask.READ, facts, host=HOST, cookie=COOKIE) is Barrier.SITE


@pytest.mark.parametrize(
    ("ask", "expected"),
    [(Ask.FILE, None), (Ask.ENTER, None), (Ask.READ, Barrier.COOKIE), (Ask.CHANGE, Barrier.COOKIE)],
)
@pytest.mark.parametrize("cookie", ["", "token", cookie_for("another"), "é"])
def test_the_candidates_things_need_the_cookie(
    ask: Ask, expected: Barrier | None, cookie: str
) -> None:
    """Only the page's own files and the exchange of the token pass without the cookie."""
    facts = Facts(**{**OURS, "cookie": cookie})
    assert barrier(ask, facts, host=HOST, cookie=COOKIE) is expected


def test_a_cookie_that_is_no_text_is_turned_away() -> None:
    """Bytes that are no UTF-8 come from aiohttp as lone surrogates: refused, no crash."""
    facts = Facts(**{**OURS, "cookie": b"\xff\xfe".decode(errors="surrogateescape")})
    assert barrier(Ask.READ, facts, host=HOST, cookie=COOKIE) is Barrier.COOKIE
