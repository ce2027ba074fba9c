"""The `faces` process: its composition root.

From the outside in: workers; core's socket; the seats' port; the sweep of checks whose
time is up. The parts that answer stand inside those that they use::

    run(partial(main, settings=FacesSettings(...)), name="faces")
"""

from pathlib import Path

import msgspec

from appliance.faces.frames_http import frames_app
from appliance.faces.pool import Lost, Pool
from appliance.faces.service import FacesService
from appliance.ipc import faces as ipc
from appliance.ipc.identity import authorities, read_process_identity, tls_identity
from appliance.ipc.settings import Settings
from runtime.clock import MachineClock
from runtime.files import make_folder
from runtime.ipc import Server
from runtime.listener import Listener
from runtime.service import Service
from runtime.tasks import Tasks
from runtime.tls import Identity, server_context


class FacesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is given. ``port`` 0 takes a free one, which `EngineState` tells."""

    socket: Path
    """Where core finds it."""
    identity: Identity
    """The box's TLS identity."""
    authorities: bytes
    """PEM of the centre CA, which issues the seats' certificates."""
    host: str
    port: int
    workers: int = 0
    """0: one for each core that the process may use."""


class _Line:
    """Hands events to core once its socket stands; before that there is nobody to tell."""

    def __init__(self) -> None:
        self.server: Server[ipc.Request, ipc.Reply, ipc.Event] | None = None
        self.service: FacesService | None = None

    def publish(self, event: ipc.Event) -> None:
        if self.server is not None:
            self.server.publish(event)

    def lost(self, lost: Lost) -> None:
        if self.service is not None:
            self.service.worker_lost(lost)


async def main(service: Service, *, settings: FacesSettings) -> None:
    """Run until told to end."""
    line = _Line()
    async with Pool(workers=settings.workers or None, on_lost=line.lost) as pool:
        faces = line.service = FacesService(pool, publish=line.publish, clock=MachineClock())
        context = server_context(settings.identity, authorities=settings.authorities)
        server = Server(
            settings.socket, ipc.CHANNEL, faces.answer, greeting=lambda: (faces.state(),)
        )
        listener = Listener(frames_app(faces), context, host=settings.host, port=settings.port)
        async with listener:
            faces.port = listener.port
            async with server, Tasks("faces") as tasks:
                line.server = server
                tasks.start("end checks whose time is up", faces.run())
                service.ready(f"{pool.build}, {len(pool.pids)} workers, port {listener.port}")
                await service.ended()


async def run_faces(settings: Settings, service: Service) -> None:
    """Run the process as the box's settings say."""
    identity = read_process_identity(settings.state_folder, "faces")
    make_folder(Path(settings.run))
    await main(
        service,
        settings=FacesSettings(
            socket=settings.socket("faces"),
            identity=tls_identity(identity),
            authorities=authorities(identity),
            host=settings.listen.host,
            port=settings.listen.faces,
            workers=settings.faces.workers,
        ),
    )
