"""Vectors of what else is signed: closing, office receipts, amendments, bundle, revocations."""

from collections.abc import Iterator

import msgspec

from exam.order import OutlineItem
from exam.sitting import Room, Seat, Sitting, Subject
from protocol import amendment as am
from protocol import bundle as b
from protocol import office_receipt as o
from protocol import revocation as r
from protocol.closing import Accounted, Closing, Ending, sign_closing
from protocol.parcel import Lane, ParcelKey
from protocol.payload_types import PayloadType
from protocol.sealed_paper import SealedPaper
from tests.vectors.making import samples as s
from tests.vectors.making.decisions import signed_fields, statement
from tests.vectors.making.vector import Vector


def make() -> Iterator[Vector]:
    yield from _closing()
    yield from _office_receipts()
    yield from _amendments()
    yield from _bundle()
    yield from _revocations()


# --- closing ---------------------------------------------------------------------------------


def closing() -> Closing:
    """Return an account with each ending."""
    people = [
        Accounted(
            candidate=s.CANDIDATE,
            seat=s.SEAT,
            ending=Ending.HANDED_IN,
            withheld=False,
            session=s.SESSION,
            position=s.position(11),
            answers=3,
        )
    ]
    others = (Ending.COLLECTED, Ending.VOIDED, Ending.REFUSED, Ending.ABSENT)
    for number, ending in enumerate(others, start=2):
        sat = ending in {Ending.COLLECTED, Ending.VOIDED}
        people.append(
            Accounted(
                candidate=f"c-{number:04d}",
                seat=f"a-{number:02d}",
                ending=ending,
                withheld=ending is Ending.COLLECTED,
                session=s.id_named(f"session {number}") if sat else None,
                position=s.position(number) if sat else None,
                answers=number if sat else 0,
            )
        )
    return Closing(
        appliance=s.APPLIANCE,
        generation=1,
        centre=s.CENTRE,
        sitting=s.SITTING,
        subject=s.SUBJECT,
        at=s.NINE_O_CLOCK + 7_200_000,
        candidates=tuple(people),
    )


def _closing() -> Iterator[Vector]:
    good = closing()
    yield statement(
        "closing",
        "every_ending",
        "Five candidates, each of whom ended in another way",
        {"box": s.BOX},
        [sign_closing(good, s.BOX)],
        [good],
    )
    fields = msgspec.to_builtins(good)
    fields["candidates"][0]["ending"] = "lost"
    yield statement(
        "closing",
        "refused_unknown_ending",
        "An ending that nobody knows",
        {"box": s.BOX},
        [signed_fields(PayloadType.CLOSING, fields, s.BOX)],
        None,
        "P100",
    )


# --- office receipts -------------------------------------------------------------------------


def _office_receipts() -> Iterator[Vector]:
    key = ParcelKey(
        centre=s.CENTRE,
        sitting=s.SITTING,
        appliance=s.APPLIANCE,
        generation=1,
        lane=Lane.ANSWERS,
        n=1,
    )
    held = o.VerifiedJournal(session=s.SESSION, position=s.position(11))
    stages = {
        o.Stage.RECEIVED: ((), ""),
        o.Stage.VERIFIED: ((held,), ""),
        o.Stage.REFUSED: ((), "blob 3 does not have the digest that the contents name"),
    }
    for stage, (journals, reason) in stages.items():
        value = o.OfficeReceipt(
            office="office",
            stage=stage,
            parcel=key,
            digest=s.digest_named("parcel 1"),
            at=s.NINE_O_CLOCK + 7_300_000,
            journals=journals,
            reason=reason,
        )
        envelope = o.sign_office_receipt(value, s.OFFICE_RECEIPTS)
        keys = {"receipts": s.OFFICE_RECEIPTS}
        about = f"The office's word: {stage.value}"
        yield statement("office_receipt", stage.value, about, keys, [envelope], [value])
        if stage is o.Stage.VERIFIED:
            yield statement(
                "office_receipt",
                "refused_other_key",
                "*verified*, signed by the key that signs bundles",
                keys,
                [o.sign_office_receipt(value, s.OFFICE)],
                None,
                "P200",
            )


# --- amendments ------------------------------------------------------------------------------


def _amendments() -> Iterator[Vector]:
    kinds = (
        am.Notice(item="q2", text="第二题选项 B 的单位应为“吨”。"),
        am.Notice(item=None, text="计算器在桌面左侧。"),
        am.ItemVoid(item="q5", full_points=True, reason="题干有误"),
        am.PaperReplaced(
            revision=2,
            size=20_971_520,
            sealed_sha256=s.digest_named("sealed paper, revision 2"),
            plain_sha256=s.digest_named("paper, revision 2"),
            reason="图片缺失",
        ),
    )
    every = [
        am.Amendment(
            sitting=s.SITTING,
            subject=s.SUBJECT,
            n=n,
            issued_at=s.NINE_O_CLOCK - 60_000 + n,
            what=what,
        )
        for n, what in enumerate(kinds, start=1)
    ]
    signed = [am.sign_amendment(one, s.OFFICE) for one in every]
    keys = {"office": s.OFFICE}
    yield statement("amendment", "every_kind", "Every kind of amendment", keys, signed, every)
    by_box = am.sign_amendment(every[0], s.BOX)
    about = "A box amends the paper"
    yield statement("amendment", "refused_by_a_box", about, keys, [by_box], None, "P200")


# --- the bundle ------------------------------------------------------------------------------


def sitting() -> Sitting:
    return Sitting(
        id=s.SITTING,
        title="碳排放管理师 2026年9月",
        project="碳排放管理师",
        issuer="office",
        centre=s.CENTRE,
        time_zone="Asia/Shanghai",
        rule_book="ksj",
        rule_book_digest=s.digest_named("rule book"),
        subjects=(
            Subject(
                id=s.SUBJECT,
                title="理论",
                opens=s.NINE_O_CLOCK,
                closes=s.NINE_O_CLOCK + 5_400_000,
                duration_s=5_400,
            ),
        ),
        rooms=(Room(id=s.ROOM, title="一号考场", addresses=("192.168.10.2:8443",)),),
        seats=(Seat(id=s.SEAT, room=s.ROOM, label="A07"),),
    )


def manifest() -> b.BundleManifest:
    """Return a manifest with one of each."""
    appliance = b.Appliance(
        id=s.APPLIANCE,
        room=s.ROOM,
        spare=False,
        box_key=s.BOX.public.hex,
        log_key=s.LOG.public.hex,
        age_recipient=s.BOX_AGE.recipient,
        tls_certificate=s.digest_named("box-1's certificate"),
    )
    paper = SealedPaper(
        subject=s.SUBJECT,
        revision=1,
        file="papers/theory.1.age",
        size=20_971_520,
        sealed_sha256=s.digest_named("sealed paper"),
        plain_sha256=s.PAPER_DIGEST,
        key_file="papers/theory.1.key.age",
        recipient=s.PAPER_KEY.recipient,
        code_salts=(s.id_named("salt"),),
        outline=(
            OutlineItem(item="q1", options=("true", "false")),
            OutlineItem(item="q2", options=("a", "b", "c", "d"), movable=("a", "b", "c")),
        ),
    )
    photo = s.digest_named("photo")
    return b.BundleManifest(
        centre=s.CENTRE,
        sitting=sitting(),
        revision=3,
        made_at=s.NINE_O_CLOCK - 86_400_000,
        office=b.Office(
            id="office",
            addresses=("https://office.example:8443",),
            opening_recipient=s.OPENING.recipient,
            receipts_key=s.OFFICE_RECEIPTS.public.hex,
        ),
        root_certificate="-----BEGIN CERTIFICATE-----\n(shortened)\n-----END CERTIFICATE-----\n",
        centre_certificate="-----BEGIN CERTIFICATE-----\n(shortened)\n-----END CERTIFICATE-----\n",
        appliances=(appliance,),
        staff=(b.StaffMember(id="wang", name="王芳", role="invigilator", key=s.STAFF.public.hex),),
        revocations=(_revocation(1),),
        papers=(paper,),
        rule_book_file="rules.toml",
        roster_file="roster.age",
        photos={photo: "photos/c-0001.age"},
        files=(
            b.BundleFile(
                name="photos/c-0001.age",
                size=51_234,
                sha256=s.digest_named("sealed photo"),
                plain_sha256=photo,
            ),
            b.BundleFile(
                name="rules.toml", size=2_048, sha256=s.digest_named("rule book"), plain_sha256=None
            ),
        ),
    )


def _bundle() -> Iterator[Vector]:
    good, keys = manifest(), {"office": s.OFFICE}
    yield statement(
        "bundle",
        "one_of_each",
        "A manifest with one of each; the certificates are shortened",
        keys,
        [b.sign_bundle(good, s.OFFICE)],
        [good],
    )
    fields = msgspec.to_builtins(good) | {"centre": "sz-08"}
    elsewhere = signed_fields(PayloadType.BUNDLE, fields, s.OFFICE)
    about = "The manifest names one centre, its sitting another"
    yield statement("bundle", "refused_two_centres", about, keys, [elsewhere], None, "P100")
    names = {
        "climbing": "../rules.toml",
        "absolute": "/etc/passwd",
        "dots_within": "photos/../rules.toml",
        "backslash": "photos\\rules.toml",
        "upper_case": "Rules.toml",
        "empty_part": "photos//c-0001.age",
    }
    for name, path in names.items():
        fields = msgspec.to_builtins(good)
        fields["files"][1]["name"] = path
        envelope = signed_fields(PayloadType.BUNDLE, fields, s.OFFICE)
        about = f"A file named {path}"
        yield statement("bundle", f"refused_name_{name}", about, keys, [envelope], None, "P100")
    by_receipts = b.sign_bundle(good, s.OFFICE_RECEIPTS)
    about = "Signed by the office's receipts key, which lives where the internet reaches"
    yield statement("bundle", "refused_other_key", about, keys, [by_receipts], None, "P200")


# --- revocations -----------------------------------------------------------------------------


def _revocation(number: int) -> b.Revocation:
    return b.Revocation(
        certificate=s.digest_named(f"revoked certificate {number}"),
        at=s.NINE_O_CLOCK - 3_600_000 * number,
        reason="遗失",
    )


def _revocations() -> Iterator[Vector]:
    good = r.RevocationList(
        office="office",
        n=2,
        issued_at=s.NINE_O_CLOCK - 1_800_000,
        revocations=(_revocation(2), _revocation(1)),
    )
    keys = {"office": s.OFFICE}
    yield statement(
        "revocations",
        "two",
        "Everything that the office has revoked so far",
        keys,
        [r.sign_revocations(good, s.OFFICE)],
        [good],
    )
    fields = msgspec.to_builtins(good)
    fields["revocations"][0]["certificate"] = fields["revocations"][0]["certificate"][:-1]
    envelope = signed_fields(PayloadType.REVOCATIONS, fields, s.OFFICE)
    about = "A digest of 63 digits"
    yield statement("revocations", "refused_digest", about, keys, [envelope], None, "P100")
