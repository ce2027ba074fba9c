"""Vectors of codes, the identity behind a code, age files, and the sealed paper key."""

from collections.abc import Iterator
from typing import Any

from exam.order import OutlineItem, draw_order
from exam.paper import Asset, ExtendedText, Option, Paper, Part, SingleChoice
from protocol.codes import receipt_code_from, unlock_code_from
from protocol.paper_file import write_paper_file
from protocol.sealed_paper import derive_code_identity
from protocol.sealing import SealingIdentity
from protocol.values import sha256_hex
from tests.vectors.making import samples as s
from tests.vectors.making.fixed_age import fixed_bytes, seal_fixed
from tests.vectors.making.vector import ACCEPTED, Vector, base64_of

RANDOM = fixed_bytes("unlock code", 8)
CODE = unlock_code_from(RANDOM)
SECOND_CODE = unlock_code_from(fixed_bytes("second unlock code", 8))
SALT, SECOND_SALT = s.id_named("salt"), s.id_named("second salt")
QUICK = 1024


def make() -> Iterator[Vector]:
    yield _order()
    yield from _paper_files()
    yield from _made_codes()
    yield from _read_codes()
    yield from _identities()
    yield from _age()
    yield from _paper_keys()


# --- the paper and its order -----------------------------------------------------------------

PICTURE = b"\x89PNG not really"
PAPER = Paper(
    subject=s.SUBJECT,
    revision=1,
    title="理论",
    language="zh-CN",
    parts=(
        Part(
            title="一、单选题",
            items=(
                SingleChoice(
                    id="q1",
                    points=250,
                    body=f'<p>图示为 <img src="assets/{sha256_hex(PICTURE)}.png"></p>',
                    options=(
                        Option(id="a", content="甲"),
                        Option(id="b", content="乙"),
                        Option(id="c", content="以上都是", fixed=True),
                    ),
                    shuffle=True,
                ),
                ExtendedText(id="q2", points=1_000, body="<p>简述碳达峰。</p>"),
            ),
        ),
    ),
    assets=(
        Asset(
            name=f"{sha256_hex(PICTURE)}.png",
            media_type="image/png",
            size=len(PICTURE),
            sha256=sha256_hex(PICTURE),
        ),
    ),
)


def _order() -> Vector:
    items = (
        OutlineItem(item="q1", options=("true", "false")),
        OutlineItem(item="q2", options=("a", "b", "c", "d", "all"), movable=("a", "b", "c", "d")),
        OutlineItem(item="q3"),
        *(OutlineItem(item=f"q{n}", group=2) for n in range(4, 8)),
    )
    seeds = [s.id_named("order"), s.id_named("another order")]
    return Vector(
        format="order",
        name="two_seeds",
        about="Options that may move, and items of one group (with an empty option), stand "
        'by SHA-256("examhall order 1\\nSEED\\nITEM\\nOPTION")',
        input={"outline": items, "seeds": seeds},
        output={"orders": [draw_order(items, seed) for seed in seeds]},
    )


def _paper_files() -> Iterator[Vector]:
    asset = PAPER.assets[0]
    good = write_paper_file(PAPER, {asset.name: PICTURE})
    yield _paper_file("one_picture", "A paper with a picture, as it is before sealing", good, "")
    for name, about, data in (
        ("cut", "The picture is cut short", good[: -1024 - 512]),
        ("no_picture", "The picture is missing", good[: -1024 - 1024] + bytes(1024)),
        ("empty", "Nothing but zeros", bytes(1024)),
        ("not_tar", "Not a tar file", b"PK" * 600),
        ("other_size", "The paper names another size", good.replace(b'"size":15', b'"size":16')),
    ):
        assert data != good, name
        yield _paper_file(f"refused_{name}", about, data, "P100")


def _paper_file(name: str, about: str, data: bytes, expects: str) -> Vector:
    output = {"paper": PAPER, "assets": {PAPER.assets[0].name: base64_of(PICTURE)}}
    return Vector(
        format="paper_file",
        name=name,
        about=about,
        expects=expects or ACCEPTED,
        input={"file": base64_of(data)},
        output=None if expects else output,
    )


# --- codes -----------------------------------------------------------------------------------


def _made_codes() -> Iterator[Vector]:
    for name, random in (("zeros", bytes(8)), ("ones", b"\xff" * 8), ("any", RANDOM)):
        yield Vector(
            format="unlock_code",
            name=name,
            about="The first 60 of 64 bits as three groups, each with its check character",
            input={"random": random.hex()},
            output={"code": unlock_code_from(random)},
        )
    digest = fixed_bytes("a receipt")
    yield Vector(
        format="receipt_code",
        name="any",
        about="The first 80 bits of a digest as four groups, each with its check character",
        input={"digest": digest.hex()},
        output={"code": receipt_code_from(digest)},
    )


def _read_codes() -> Iterator[Vector]:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in CODE)
    alike = unlock_code_from((int("0000000001" * 6, 2) << 4).to_bytes(8, "big"))
    for name, about, typed, expected in (
        ("as_written", "As it stands on the paper", CODE, CODE),
        ("lower_case", "Lower case, spaces for hyphens", CODE.lower().replace("-", " "), CODE),
        ("no_hyphens", "Without hyphens", CODE.replace("-", ""), CODE),
        ("full_width", "Full width, as a Chinese input method leaves it", wide, CODE),
        ("dashes", "Long dashes, a tab and a newline", "\t" + CODE.replace("-", "—") + "\n", CODE),
        ("look_alikes", "o for 0, i and l for 1", _lookalikes(alike), alike),
    ):
        yield _code(name, about, typed, {"code": expected})
    groups = CODE.split("-")
    for name, about, typed, group in (
        ("one_character", "The second group has one wrong character", _typo(groups, 1, 2), 2),
        ("check_character", "The third check character is wrong", _typo(groups, 2, 4), 3),
        ("neighbours", "Two neighbours of the first group exchanged", _swap(groups, 0), 1),
        ("check_and_neighbour", "A check character and its neighbour exchanged", _swap(groups, 1, 3), 2),
        ("groups_exchanged", "The first two groups exchanged", "-".join([groups[1], groups[0], groups[2]]), 1),
        ("too_short", "A character is missing", CODE[:-1], 0),
        ("too_long", "A character too many", CODE + "0", 0),
        ("empty", "Nothing", "", 0),
        ("no_such_character", "A character that no code has", "*" + CODE[1:], 1),
        ("chinese", "Chinese characters", "零一二三四五六七八九零一二三四", 1),
    ):  # fmt: skip
        yield _code(f"refused_{name}", about, typed, {"group": group}, "P110")


def _code(name: str, about: str, typed: str, output: Any, expects: str = ACCEPTED) -> Vector:
    """Return a vector; a refusal's output names the group to look at, 0 for the length."""
    return Vector(
        format="code",
        name=name,
        about=about,
        expects=expects,
        input={"typed": typed, "groups": 3},
        output=output,
    )


def _lookalikes(code: str) -> str:
    assert "0" in code, code
    assert "1" in code, code
    return code.replace("0", "o").replace("1", "l", 1).replace("1", "I")


def _typo(groups: list[str], group: int, place: int) -> str:
    old = groups[group][place]
    new = "7" if old != "7" else "8"
    wrong = groups[group][:place] + new + groups[group][place + 1 :]
    return "-".join([*groups[:group], wrong, *groups[group + 1 :]])


def _swap(groups: list[str], group: int, place: int = 0) -> str:
    one = groups[group]
    assert one[place] != one[place + 1]
    wrong = one[:place] + one[place + 1] + one[place] + one[place + 2 :]
    return "-".join([*groups[:group], wrong, *groups[group + 1 :]])


# --- the identity behind a code --------------------------------------------------------------


def _identities() -> Iterator[Vector]:
    for name, code, salt, n in (
        ("n_131072", CODE, SALT, 2**17),
        ("n_1024", CODE, SALT, QUICK),
        ("n_1024_other_salt", CODE, SECOND_SALT, QUICK),
        ("n_1024_other_code", SECOND_CODE, SALT, QUICK),
        ("n_1024_as_typed", CODE.lower().replace("-", " "), SALT, QUICK),
    ):
        identity = derive_code_identity(code, salt, n)
        yield Vector(
            format="code_identity",
            name=name,
            about="X25519 scalar = scrypt(code without hyphens, salt, N, r=8, p=1, 32 bytes)",
            input={"code": code, "salt": salt, "n": n},
            output={"identity": identity.dangerous_text(), "recipient": identity.recipient},
        )
    for name, salt, n in (("n_not_a_power_of_2", SALT, 1000), ("salt", "zz", QUICK)):
        yield Vector(
            format="code_identity",
            name=f"refused_{name}",
            about="Parameters that no bundle has",
            expects="P100",
            input={"code": CODE, "salt": salt, "n": n},
        )


# --- age -------------------------------------------------------------------------------------

PLAIN = "碳达峰\n".encode()


def _age() -> Iterator[Vector]:
    sealed = seal_fixed(PLAIN, [s.OPENING.recipient, s.BOX_AGE.recipient], "a note")
    chunks = seal_fixed(bytes(64 * 1024 + 1), [s.BOX_AGE.recipient], "two chunks")
    yield _sealed("two_recipients", "Sealed to two, opened by the second", sealed, PLAIN)
    yield _sealed("two_chunks", "64 KiB and one byte of zeros", chunks, bytes(64 * 1024 + 1))
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    yield _sealed("refused_altered", "The last byte was altered", flipped, "P400")
    about = "The last chunk is missing: what comes before it decrypts"
    yield _sealed("refused_cut", about, chunks[: -(16 + 1)], "P400")
    to_spare = seal_fixed(PLAIN, [s.SPARE_AGE.recipient], "another's")
    yield _sealed("refused_other_recipient", "Sealed to another", to_spare, "P400")
    yield _sealed("refused_not_age", "Not an age file", b"PK\x03\x04", "P400")


def _sealed(name: str, about: str, data: bytes, outcome: bytes | str) -> Vector:
    good = isinstance(outcome, bytes)
    return Vector(
        format="age",
        name=name,
        about=about,
        expects=ACCEPTED if good else outcome,
        keys={"box": s.BOX_AGE},
        input={"sealed": base64_of(data), "identity": "box"},
        output={"plain": base64_of(outcome)} if good else None,
    )


# --- the sealed paper key --------------------------------------------------------------------

FIRST = derive_code_identity(CODE, SALT, QUICK)
SECOND = derive_code_identity(SECOND_CODE, SECOND_SALT, QUICK)


def _layers(codes: list[SealingIdentity], inner: SealingIdentity = s.PAPER_KEY) -> bytes:
    sealed = inner.dangerous_text().encode()
    for number, code in enumerate(reversed(codes)):
        sealed = seal_fixed(sealed, [code.recipient], f"layer {number}")
    return seal_fixed(sealed, [s.BOX_AGE.recipient, s.SPARE_AGE.recipient], "boxes")


def _paper_keys() -> Iterator[Vector]:
    one, two = [(CODE, SALT)], [(CODE, SALT), (SECOND_CODE, SECOND_SALT)]
    single, double = _layers([FIRST]), _layers([FIRST, SECOND])
    yield _paper_key("one_code", "Opened by a box and one code", single, one)
    yield _paper_key("two_codes", "Two invigilators hold a code each", double, two)
    wrong = [(SECOND_CODE, SALT)]
    swapped = [(SECOND_CODE, SALT), (CODE, SECOND_SALT)]
    flipped = single[:-1] + bytes([single[-1] ^ 1])
    other = _layers([FIRST], SealingIdentity.from_seed(fixed_bytes("another P")))
    for name, about, sealed, codes, expects in (
        ("wrong_code", "Another paper's code", single, wrong, "P410"),
        ("mistyped_code", "A code whose check characters do not fit", single, [(CODE[:-1] + "*", SALT)], "P110"),
        ("codes_exchanged", "The two codes in the wrong order", double, swapped, "P410"),
        ("code_for_another_revision", "The right code with the salt of another revision", single, [(CODE, SECOND_SALT)], "P410"),
        ("altered", "The file was altered", flipped, one, "P400"),
        ("another_paper", "It opens, but it is another paper's key", other, one, "P400"),
    ):  # fmt: skip
        yield _paper_key(f"refused_{name}", about, sealed, codes, expects)


def _paper_key(
    name: str, about: str, sealed: bytes, codes: list[tuple[str, str]], expects: str = ACCEPTED
) -> Vector:
    good = expects == ACCEPTED
    return Vector(
        format="paper_key",
        name=name,
        about=about,
        expects=expects,
        keys={"box": s.BOX_AGE},
        input={
            "sealed": base64_of(sealed),
            "box": "box",
            "codes": [{"code": code, "salt": salt, "n": QUICK} for code, salt in codes],
            "recipient": s.PAPER_KEY.recipient,
        },
        output={"identity": s.PAPER_KEY.dangerous_text()} if good else None,
    )
