"""Which boxes and staff the office knows: the manifests of the bundles that it signed.

Rules: only what the office signing key signed counts, looked at again whenever it is
read. Of one centre and sitting the highest revision counts; a certificate of an earlier
one is good until it is revoked, since the box may not have taken the new bundle yet. It is
revoked by a bundle, or at once by the office's signed list, of which no older one is taken.
Beside each manifest lies its rule book, by the digest that the manifest signs: who may decide
what is judged here again.

`Registry` is a pure value; `load_registry` and `enrol` touch the folder.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from central.errors import EnrolError
from exam.rulebook import RuleBook, RuleBookError, read_rule_book
from protocol.bundle import MANIFEST, Appliance, BundleManifest, Revocation, open_bundle
from protocol.envelope import Envelope
from protocol.keys import VerifyKey
from protocol.revocation import RevocationList, open_revocations
from protocol.values import decode, encode, sha256_hex
from runtime.files import make_folder, write_atomic

_RULES: Final = ".rules.toml"
_SUFFIX: Final = ".dsse.json"
REVOCATIONS: Final = "revocations.json"
"""The newest list of revocations, beside the manifests."""


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision of a bundle: the box went by one of them, the office does not know which."""

    manifest: BundleManifest
    rules: RuleBook | None
    """None where it was enrolled without its rule book."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box as one centre and sitting know it."""

    centre: str
    sitting: str
    appliance: Appliance
    manifest: BundleManifest
    revisions: tuple[Revision, ...]
    """Every one that is enrolled, the newest first."""

    @property
    def key(self) -> VerifyKey:
        """The box key."""
        return VerifyKey.from_hex(self.appliance.box_key)

    @property
    def log_key(self) -> VerifyKey:
        """The key of its log."""
        return VerifyKey.from_hex(self.appliance.log_key)


class Registry:
    """The known boxes. Built once from manifests and never changed."""

    def __init__(
        self, boxes: Iterable[Box], digest: str = "", revoked: Iterable[Revocation] = ()
    ) -> None:
        listed = tuple(boxes)
        self.digest: Final = digest
        """Another one where anything was enrolled."""
        self._boxes: Mapping[tuple[str, str, str], Box] = {
            (box.centre, box.sitting, box.appliance.id): box for box in listed
        }
        self._by_certificate = {box.appliance.tls_certificate: box for box in listed}
        in_bundles = (one for box in listed for one in box.manifest.revocations)
        self._revoked = {one.certificate for one in (*in_bundles, *revoked)}

    @classmethod
    def of(
        cls,
        manifests: Iterable[BundleManifest],
        rule_books: Mapping[str, RuleBook],
        revocations: RevocationList | None = None,
    ) -> Self:
        """Read the boxes out of manifests; later revisions supersede earlier ones.

        ``rule_books`` are known by the digest of their text.
        """
        ordered = sorted(manifests, key=lambda manifest: manifest.revision)
        revisions = _revisions(ordered, rule_books)
        digests = sorted([*(sha256_hex(encode(manifest)) for manifest in ordered), *rule_books])
        boxes = [
            Box(
                centre=manifest.centre,
                sitting=manifest.sitting.id,
                appliance=appliance,
                manifest=manifest,
                revisions=revisions[manifest.centre, manifest.sitting.id],
            )
            for manifest in ordered
            for appliance in manifest.appliances
        ]
        digest = sha256_hex("".join(digests).encode())
        return cls(boxes, digest, () if revocations is None else revocations.revocations)

    def __len__(self) -> int:
        return len(self._boxes)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Every known box, one entry a sitting."""
        return tuple(self._boxes.values())

    def box(self, centre: str, sitting: str, appliance: str) -> Box | None:
        """Return a box by its name."""
        return self._boxes.get((centre, sitting, appliance))

    def by_certificate(self, digest: str) -> Box | None:
        """Return the box whose TLS certificate this is, None where unknown or revoked."""
        return None if digest in self._revoked else self._by_certificate.get(digest)


def _revisions(
    manifests: Iterable[BundleManifest], rule_books: Mapping[str, RuleBook]
) -> dict[tuple[str, str], tuple[Revision, ...]]:
    found: dict[tuple[str, str], tuple[Revision, ...]] = {}
    for manifest in manifests:
        place = (manifest.centre, manifest.sitting.id)
        rules = rule_books.get(manifest.sitting.rule_book_digest)
        found[place] = (Revision(manifest=manifest, rules=rules), *found.get(place, ()))
    return found


def load_registry(folder: Path, office_key: VerifyKey) -> Registry:
    """Read every manifest of ``folder``; one that the office did not sign raises."""
    manifests = [_read(path, office_key) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
    wanted = {manifest.sitting.rule_book_digest for manifest in manifests}
    books = {digest: _read_rules(folder / f"{digest}{_RULES}", digest) for digest in wanted}
    known = {digest: book for digest, book in books.items() if book is not None}
    return Registry.of(manifests, known, _revocations(folder / REVOCATIONS, office_key))


class RegistryFolder:
    """The registry as it now lies in its folder: read anew when the folder has changed."""

    def __init__(self, folder: Path, office_key: VerifyKey) -> None:
        self._folder = folder
        self._office_key = office_key
        self._seen = -1
        self._registry = Registry(())

    def __call__(self) -> Registry:
        """Return the registry. Blocks where it has to be read."""
        changed = self._folder.stat().st_mtime_ns
        if changed != self._seen:
            self._registry = load_registry(self._folder, self._office_key)
            self._seen = changed
        return self._registry


def enrol(folder: Path, bundle: Path, office_key: VerifyKey) -> BundleManifest:
    """Take a bundle's manifest and rule book, durably; the same ones again are no harm.

    ``bundle`` is the bundle's folder, the manifest in it, or a stick with bundles of one
    sitting of one centre, of which the newest counts.
    """
    path = _find_manifest(bundle)
    envelope = decode(path.read_bytes(), Envelope)
    manifest = open_bundle(envelope, office_key)
    _check_keys(load_registry(folder, office_key), manifest)
    digest = manifest.sitting.rule_book_digest
    rules = path.parent / manifest.rule_book_file
    if _read_rules(rules, digest) is None:
        raise EnrolError("no_rules", path=rules)
    make_folder(folder)
    write_atomic(folder / f"{digest}{_RULES}", rules.read_bytes())
    name = f"{manifest.centre}.{manifest.sitting.id}.{manifest.revision:06d}{_SUFFIX}"
    _check_revision(folder / name, envelope)
    write_atomic(folder / name, encode(envelope))
    return manifest


def _find_manifest(bundle: Path) -> Path:
    if not bundle.is_dir() or (bundle / MANIFEST).exists():
        path = bundle / MANIFEST if bundle.is_dir() else bundle
        if not path.is_file():
            raise EnrolError("no_bundle", bundle=bundle, manifest=MANIFEST)
        return path
    there = sorted(bundle.glob(f"*/{MANIFEST}"))
    if not there:
        raise EnrolError("no_bundle", bundle=bundle, manifest=MANIFEST)
    if len({path.parent.name.rpartition(".")[0] for path in there}) > 1:
        names = ", ".join(str(path.parent) for path in there)
        raise EnrolError("several_bundles", bundle=bundle, found=names)
    return there[-1]


def take_revocations(folder: Path, path: Path, office_key: VerifyKey) -> RevocationList:
    """Take the office's list of revocations, durably; an older one raises `EnrolError`."""
    data = path.read_bytes()
    listed = open_revocations(decode(data, Envelope), office_key)
    known = _revocations(folder / REVOCATIONS, office_key)
    if known is not None and not set(known.revocations) <= set(listed.revocations):
        raise EnrolError("older_revocations", path=path, here=known.n, came=listed.n)
    make_folder(folder)
    write_atomic(folder / REVOCATIONS, data)
    return listed


def _read_rules(path: Path, digest: str) -> RuleBook | None:
    """Return the rule book of this digest, None where there is none that is sound."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    if sha256_hex(data) != digest:
        return None
    try:
        return read_rule_book(data.decode())
    except (RuleBookError, UnicodeDecodeError):
        return None


def _revocations(path: Path, office_key: VerifyKey) -> RevocationList | None:
    if not path.exists():
        return None
    return open_revocations(decode(path.read_bytes(), Envelope), office_key)


def _read(path: Path, office_key: VerifyKey) -> BundleManifest:
    return open_bundle(decode(path.read_bytes(), Envelope), office_key)


def _check_revision(path: Path, envelope: Envelope) -> None:
    """Refuse a second manifest under the number of an enrolled one."""
    if path.exists() and decode(path.read_bytes(), Envelope).digest != envelope.digest:
        raise EnrolError("same_revision", name=path.name)


def _check_keys(registry: Registry, manifest: BundleManifest) -> None:
    """Refuse a new key under the name of a known box: its earlier parcels would not verify."""
    for appliance in manifest.appliances:
        known = registry.box(manifest.centre, manifest.sitting.id, appliance.id)
        if known is not None and known.appliance.box_key != appliance.box_key:
            raise EnrolError("other_key", box=appliance.id, centre=manifest.centre)
