"""An office and one centre with a main and a spare box, made in memory and laid out on a disk."""

from dataclasses import dataclass, field
from pathlib import Path

import exam
from central.layout import Layout
from central.office import OfficeConfig, OfficeParts, make_office
from central.registry import enrol
from exam.order import OutlineItem
from exam.sitting import Room, Seat, Sitting, Subject
from protocol.bundle import Appliance, BundleManifest, Office, StaffMember, sign_bundle
from protocol.keys import SigningKey
from protocol.sealed_paper import SealedPaper
from protocol.sealing import SealingIdentity
from protocol.values import encode, sha256_hex
from runtime.secret import Secret
from runtime.tls import Identity, fingerprint
from tests.certificates import Authority

RULES = (Path(exam.__file__).parent / "rulebooks" / "ksj.toml").read_bytes()
CENTRE = "shanghai-01"
SITTING = "2026-11-21"
NOW = 1_795_000_000_000
SUBJECT = "theory"
OUTLINE = (
    OutlineItem(item="q-1", options=("a", "b", "c"), movable=("a", "b"), group=1),
    OutlineItem(item="q-2", options=("a", "b", "c"), movable=("a", "b", "c"), group=1),
    OutlineItem(item="q-3"),
)
"""Of the subject's paper: two items that change places, one that stays."""


@dataclass
class SampleBox:
    """A box with keys of its own."""

    id: str
    tls: Identity
    spare: bool = False
    centre: str = CENTRE
    sitting: str = SITTING
    box_key: SigningKey = field(default_factory=SigningKey.generate)
    log_key: SigningKey = field(default_factory=SigningKey.generate)
    age: SealingIdentity = field(default_factory=SealingIdentity.generate)

    @property
    def certificate(self) -> str:
        """SHA-256 of its TLS certificate."""
        return fingerprint(self.tls.certificate)

    def listed(self) -> Appliance:
        """Return what the bundle says of it."""
        return Appliance(
            id=self.id,
            room="room-1",
            spare=self.spare,
            box_key=self.box_key.public.hex,
            log_key=self.log_key.public.hex,
            age_recipient=self.age.recipient,
            tls_certificate=self.certificate,
        )


class SampleOffice:
    """The office's keys, and the centre it has made a bundle for. Edit it, then lay it out."""

    def __init__(self) -> None:
        self.root = Authority("office root")
        self.centre_ca = Authority("centre", parent=self.root)
        self.signing_key = SigningKey.generate()
        self.receipts_key = SigningKey.generate()
        self.opening_key = SealingIdentity.generate()
        self.staff_key = SigningKey.generate()
        self.chief_key = SigningKey.generate()
        self.quality_key = SigningKey.generate()
        self.main = self.box("box-1")
        self.spare = self.box("box-2", spare=True)
        self.boxes = [self.main, self.spare]
        self.centre = CENTRE
        self.revision = 1
        self.port = 0
        self.rules = RULES
        self.outline = OUTLINE

    @property
    def recipient(self) -> str:
        """What parcels are sealed to."""
        return self.opening_key.recipient

    def box(self, name: str, *, spare: bool = False) -> SampleBox:
        """Make a box whose certificate hangs from the centre's CA."""
        own = self.centre_ca.issue(name)
        chain = own.chain_pem + self.centre_ca.pem
        return SampleBox(id=name, tls=Identity(chain_pem=chain, key_pem=own.key_pem), spare=spare)

    def manifest(self) -> BundleManifest:
        """Return the manifest of the centre's bundle."""
        return BundleManifest(
            centre=self.centre,
            sitting=sample_sitting(self.centre, sha256_hex(self.rules)),
            revision=self.revision,
            made_at=NOW,
            office=Office(
                id="office",
                addresses=(f"https://127.0.0.1:{self.port}",),
                opening_recipient=self.opening_key.recipient,
                receipts_key=self.receipts_key.public.hex,
            ),
            root_certificate=self.root.pem.decode(),
            centre_certificate=self.centre_ca.pem.decode(),
            appliances=tuple(box.listed() for box in self.boxes),
            staff=(
                _member("wang", "王芳", "invigilator", self.staff_key),
                _member("li", "李强", "chief", self.chief_key),
                _member("zhao", "赵敏", "quality", self.quality_key),
            ),
            revocations=(),
            papers=(_paper(self.outline),),
            rule_book_file="rules.toml",
            roster_file="roster.age",
            photos={},
            files=(),
        )

    def lay_out(self, home: Path) -> Layout:
        """Make the office's folder, with the centre's bundle enrolled."""
        receiver = self.root.issue("office")
        layout = make_office(
            home,
            OfficeParts(
                config=OfficeConfig(
                    id="office",
                    office_key=self.signing_key.public.hex,
                    host="127.0.0.1",
                    port=self.port,
                ),
                chain_pem=receiver.chain_pem,
                tls_key_pem=receiver.key_pem.reveal(),
                root_pem=self.root.pem,
                receipts_key=self.receipts_key,
                opening_key=self.opening_key,
            ),
        )
        self.enrol(layout)
        return layout

    def enrol(self, layout: Layout) -> None:
        """Enrol the bundle as it now is."""
        path = layout.home / "manifest.dsse.json"
        rules = layout.home / "rules.toml"
        path.write_bytes(encode(sign_bundle(self.manifest(), self.signing_key)))
        rules.write_bytes(self.rules)
        enrol(layout.registry, path, self.signing_key.public)
        path.unlink()
        rules.unlink()


def stranger(name: str) -> SampleBox:
    """Return a box of another office."""
    root = Authority("another root")
    own = root.issue(name)
    return SampleBox(id=name, tls=Identity(chain_pem=own.chain_pem, key_pem=own.key_pem))


def key_pem(box: SampleBox) -> Secret[bytes]:
    """Return the private key of its TLS certificate."""
    return box.tls.key_pem


def _member(name: str, title: str, role: str, key: SigningKey) -> StaffMember:
    return StaffMember(id=name, name=title, role=role, key=key.public.hex)


def _paper(outline: tuple[OutlineItem, ...]) -> SealedPaper:
    return SealedPaper(
        subject=SUBJECT,
        revision=1,
        file="paper.age",
        size=1,
        sealed_sha256="0" * 64,
        plain_sha256="0" * 64,
        key_file="paper.key.age",
        recipient="age1",
        code_salts=(),
        outline=outline,
    )


def sample_sitting(centre: str = CENTRE, rules: str = sha256_hex(RULES)) -> Sitting:
    """Return a sitting of one subject, which begins at `NOW`."""
    theory = Subject(
        id=SUBJECT, title="理论", opens=NOW, closes=NOW + 90 * 60_000, duration_s=5_400
    )
    return Sitting(
        id=SITTING,
        title="碳排放管理师",
        project="carbon",
        issuer="office",
        centre=centre,
        time_zone="Asia/Shanghai",
        rule_book="ksj",
        rule_book_digest=rules,
        subjects=(theory,),
        rooms=(Room(id="room-1", title="一号机房"),),
        seats=tuple(
            Seat(id=f"a-{number:02d}", room="room-1", label=f"A{number:02d}")
            for number in range(1, 10)
        ),
    )
