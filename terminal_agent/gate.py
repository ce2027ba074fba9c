"""Who may speak to the page's server on loopback: pure decisions.

Other programs of the seat, and pages of other origins in the same browser, reach
127.0.0.1 as well as our page does. A request passes when

1. its ``Host`` is our own address, letter for letter (a name that was rebound to
   127.0.0.1 brings its own name along);
2. its ``Origin``, where it has one, is ours; what changes something or opens the live
   line must have one;
3. the browser does not call it cross-site (``Sec-Fetch-Site``, where sent);
4. it carries the cookie that was given for the launch's token, but for the page's own
   files and the exchange of the token.

The token travels in the address's fragment, which no browser sends, and is exchanged
once per page for an ``HttpOnly; SameSite=Strict`` cookie. The cookie is derived from
the token, so that an agent restarted with the same token knows its page again.
"""

import hashlib
import hmac
from enum import StrEnum

import msgspec


class Ask(StrEnum):
    """What a request is for."""

    FILE = "file"
    """One of the page's own files: nothing secret."""
    ENTER = "enter"
    """The exchange of the token for the cookie."""
    READ = "read"
    """Something of the candidate's."""
    CHANGE = "change"
    """An action, or the live line."""


class Barrier(StrEnum):
    """At which check a request was turned away."""

    HOST = "host"
    ORIGIN = "origin"
    SITE = "site"
    COOKIE = "cookie"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The headers that count; empty where the request has none."""

    host: str = ""
    origin: str = ""
    fetch_site: str = ""
    cookie: str = ""


_OWN_SITE = frozenset({"", "same-origin", "none"})


def cookie_for(token: str) -> str:
    """Return the cookie's value for a launch's token, 64 hexadecimal digits."""
    return hmac.new(token.encode(), b"examhall page cookie", hashlib.sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare secrets in constant time. What came may be no text at all: headers are bytes."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def barrier(ask: Ask, facts: Facts, *, host: str, cookie: str) -> Barrier | None:
    """Return where the request is turned away, ``None`` where it passes.

    ``host`` is our own ``127.0.0.1:port``; ``cookie`` the value that passes.
    """
    origin_needed = ask in (Ask.ENTER, Ask.CHANGE)
    if facts.host != host:
        return Barrier.HOST
    if (facts.origin or origin_needed) and facts.origin != f"http://{host}":
        return Barrier.ORIGIN
    if facts.fetch_site not in _OWN_SITE:
        return Barrier.SITE
    if ask in (Ask.READ, Ask.CHANGE) and not same(facts.cookie, cookie):
        return Barrier.COOKIE
    return None
