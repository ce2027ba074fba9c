"""What clerks type, brought to one form.

Full-width digits and letters become ordinary ones (NFKC), what cannot be seen goes
(zero-width characters, the apostrophe and the ``="..."`` that keep digits in a csv),
and names lose the blanks that fill them up to three characters::

    clean("１１０１０１　")   -> "110101"
    clean_name("张　三")      -> "张三"
    clean_name("买买提・艾力") -> "买买提·艾力"
"""

import re
import unicodedata
from typing import Final

_CSV_GUARD: Final = re.compile(r'="(.*)"', re.DOTALL)
_DOTS: Final = str.maketrans(dict.fromkeys("•‧∙⋅・･", "·"))
_NAME: Final = re.compile(r"[^\W\d_]+(?:[ ·'’.-]+[^\W\d_]+)*\.?")
_INVISIBLE: Final = frozenset({"Cf", "Cc"})


def clean(text: str) -> str:
    """Return ``text`` in NFKC, without invisible characters, its blanks single."""
    folded = unicodedata.normalize("NFKC", text)
    guarded = _CSV_GUARD.fullmatch(folded.strip())
    if guarded:
        folded = guarded.group(1)
    spaced = "".join(" " if c in "\t\r\n" else c for c in folded)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in _INVISIBLE)
    return " ".join(visible.split()).removeprefix("'")


def clean_number(text: str) -> str:
    """Return an ID, ticket or mobile number without blanks and in capitals."""
    return clean(text).replace(" ", "").upper()


def clean_name(text: str) -> str:
    """Return a name with one kind of middle dot, and no blanks between Chinese characters."""
    name = clean(text).translate(_DOTS)
    return "".join(name.split()) if is_chinese(name) else name


def is_name(name: str) -> bool:
    """Say whether ``name`` is made of letters, as `clean_name` returns them."""
    return _NAME.fullmatch(name) is not None


def is_chinese(text: str) -> bool:
    """Say whether all letters of ``text`` are Chinese characters, and there is one."""
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and all("CJK" in unicodedata.name(c, "") for c in letters)
