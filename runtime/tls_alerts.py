"""A server's TLS context that tells the peer why its handshake was refused.

When a handshake fails, asyncio closes the socket and drops OpenSSL's alert; the peer sees a
reset and nobody learns that, say, its certificate is of another authority. Here the alert is
written to the transport that `raw_transport` names while the connection is begun.
"""

import asyncio
import contextvars
import ssl

raw_transport: contextvars.ContextVar[asyncio.Transport] = contextvars.ContextVar("raw_transport")
"""Set by the task that begins a handshake: the plain transport below it."""


class AlertingObject(ssl.SSLObject):
    """One TLS connection of a server."""

    below: asyncio.Transport | None = None
    outgoing: ssl.MemoryBIO | None = None

    def do_handshake(self) -> None:
        """Shake hands; where that fails send what OpenSSL has to say, then raise."""
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError:
            if self.below is not None and self.outgoing is not None:
                self.below.write(self.outgoing.read())
            raise
        self.below = self.outgoing = None


class AlertingContext(ssl.SSLContext):
    """A context whose connections are `AlertingObject`."""

    sslobject_class = AlertingObject

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - the signature of ssl
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Make a connection over two buffers, and remember where its alert would go."""
        made = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        if isinstance(made, AlertingObject):
            made.below, made.outgoing = raw_transport.get(None), outgoing
        return made
