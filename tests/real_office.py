"""The real programs of an office and of a box's courier, set up by their own commands."""

import datetime as dt
import io
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from appliance import cli as appliance_cli
from central import cli as central_cli
from central.layout import Layout
from drill.ports import free_port
from drill.sample_office import SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import CENTRE, SITTING, people
from protocol.codes import unlock_code_from
from protocol.identities import BoxIdentity, OfficeIdentity, seal_identity
from protocol.values import encode
from runtime.supervise import Program
from tests.sample_office import SampleBox
from tests.sample_parcels import Lanes


@dataclass
class RealOffice:
    """Folders that the commands have made, and the programs that run over them."""

    folder: Path
    made: SampleOffice
    port: int
    line_port: int
    capsys: pytest.CaptureFixture[str]

    @property
    def home(self) -> Path:
        """The central office's folder."""
        return self.folder / "central"

    @property
    def layout(self) -> Layout:
        """What lies where in it."""
        return Layout(self.home)

    @property
    def outbox(self) -> Path:
        """The box's outbox."""
        return self.folder / "state" / "outbox"

    @property
    def courier_database(self) -> Path:
        """The courier's ledger."""
        return self.folder / "state" / "courier" / "courier.db"

    @property
    def settings(self) -> Path:
        """The box's settings."""
        return self.folder / "appliance.toml"

    def central(self, *words: str) -> str:
        """Run ``exam-central``; return what it prints."""
        assert central_cli.main(list(words)) == 0
        return self.capsys.readouterr().out

    def appliance(self, *words: str) -> str:
        """Run ``exam-appliance``; return what it prints."""
        assert appliance_cli.main(list(words)) == 0
        return self.capsys.readouterr().out

    def status(self) -> dict[str, Any]:
        """Return what the office says is here."""
        found: dict[str, Any] = json.loads(self.central("status", str(self.home), "--json"))
        return found

    def lanes(self) -> Lanes:
        """Return the lanes of the main box, made by its own keys."""
        identity = self.made.boxes[0]
        box = SampleBox(
            id=identity.appliance,
            tls=None,  # type: ignore[arg-type] # the courier brings its own
            box_key=identity.signing_key(),
            log_key=identity.log_signing_key(),
            age=identity.sealing_identity(),
            centre=CENTRE,
            sitting=SITTING,
        )
        return Lanes(self.made.server.opening_sealing_identity().recipient, box)

    def programs(self) -> list[Program]:
        """Return the three programs between an outbox and the store."""
        parts = [
            Program(name=part, module="central.cli", arguments=("run", part, str(self.home)))
            for part in ("receiving", "verification")
        ]
        courier = Program(
            name="courier",
            module="appliance.cli",
            arguments=("run", "courier", "--config", str(self.settings)),
        )
        return [*parts, courier]


def set_up(folder: Path, capsys: pytest.CaptureFixture[str], *, line_port: int) -> RealOffice:
    """Do what a person does by the commands of the documents: office, box, bundle."""
    hall = SampleHall(
        persons=people(2),
        photos=(_photo(),),
        opens=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30),
    )
    made = make_sample_office(folder / "provision", hall, dt.datetime.now(dt.UTC))
    real = RealOffice(folder, made, free_port(), line_port, capsys)
    server = sealed(folder / "server.identity.json", made.server)
    box = sealed(folder / "box.identity.json", made.boxes[0])
    listen = f"127.0.0.1:{real.port}"
    real.central("init", str(real.home), str(server[0]), "--code", server[1], "--listen", listen)
    real.central("enrol", str(real.home), str(made.bundle))
    real.settings.write_text(
        f'state = "{folder}/state"\nrun = "{folder}/run"\n'
        f'[office]\naddresses = ["https://127.0.0.1:{line_port}"]\n',
        "utf-8",
    )
    config = ("--config", str(real.settings))
    real.appliance("install", str(box[0]), "--code", box[1], *config)
    real.appliance("import", str(made.bundle), *config)
    return real


def sealed(path: Path, identity: BoxIdentity | OfficeIdentity) -> tuple[Path, str]:
    """Seal an identity as the office hands it over; return its file and its code."""
    code = unlock_code_from(secrets.token_bytes(8))
    path.write_bytes(encode(seal_identity(identity, code, secrets.token_hex(16))))
    return path, code


def _photo() -> bytes:
    """Return a JPEG that the filing rule takes; whose face is in it is not looked at here."""
    buffer = io.BytesIO()
    bands = [Image.effect_noise((413, 579), 60) for _ in range(3)]
    Image.merge("RGB", bands).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
