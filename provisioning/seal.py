"""Sealing a paper: once for all centres, and its key for each centre by itself.

``paper.age`` is sealed to a one-off identity P, so every centre has the same bytes and can
fetch them weeks before. P is handed to a centre inside ``paper.key.age``: nested, outside
the centre's boxes, inside an identity that comes from the unlock code. What the office
keeps of a paper (P, answer keys) it keeps sealed to its vault.
"""

import secrets
from collections.abc import Mapping, Sequence

import msgspec

from exam.order import outline
from exam.paper import AnswerKeys, Paper
from protocol.codes import unlock_code_from
from protocol.paper_file import write_paper_file
from protocol.sealed_paper import SealedPaper, derive_code_identity, seal_paper_key
from protocol.sealing import SealingIdentity, seal
from protocol.values import Value, sha256_hex


class OfficePaper(Value, frozen=True, kw_only=True):
    """What only the office may know of a paper: P, the keys, what its author called the items."""

    paper_key: str
    keys: AnswerKeys
    identifiers: dict[str, str]

    def __repr__(self) -> str:
        return f"OfficePaper({self.keys.subject}, revision {self.keys.revision}, hidden)"


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A paper sealed to P. ``record`` is complete but for the codes' salts."""

    content: bytes
    record: SealedPaper
    secret: OfficePaper


def seal_paper(
    paper: Paper, keys: AnswerKeys, assets: Mapping[str, bytes], identifiers: dict[str, str]
) -> Sealed:
    """Seal a paper to a fresh P."""
    key = SealingIdentity.generate()
    plain = write_paper_file(paper, assets)
    content = seal(plain, [key.recipient])
    record = SealedPaper(
        subject=paper.subject,
        revision=paper.revision,
        file=f"papers/{paper.subject}.paper.age",
        size=len(content),
        sealed_sha256=sha256_hex(content),
        plain_sha256=sha256_hex(plain),
        key_file=f"papers/{paper.subject}.key.age",
        recipient=key.recipient,
        code_salts=(),
        outline=outline(paper),
    )
    secret = OfficePaper(paper_key=key.dangerous_text(), keys=keys, identifiers=identifiers)
    return Sealed(content=content, record=record, secret=secret)


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True):
    """P for one centre: its file, the record with its salts, and the codes in plain."""

    content: bytes
    record: SealedPaper
    codes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"WrappedKey({self.record.subject}, {len(self.codes)} codes hidden)"


def wrap_key(
    record: SealedPaper, paper_key: str, boxes: Sequence[str], *, codes: int = 1
) -> WrappedKey:
    """Wrap P for a centre's boxes (age recipients) under fresh unlock codes.

    Takes 0.3 s and 145 MB a code. ``codes`` is 2 where two invigilators hold one each.
    """
    made = tuple(unlock_code_from(secrets.token_bytes(8)) for _ in range(codes))
    salts = tuple(secrets.token_hex(16) for _ in made)
    identities = [derive_code_identity(c, s) for c, s in zip(made, salts, strict=True)]
    content = seal_paper_key(SealingIdentity.parse(paper_key), identities, boxes)
    return WrappedKey(
        content=content, record=msgspec.structs.replace(record, code_salts=salts), codes=made
    )
