"""The sample paper with so many pictures that it is as large as a paper gets."""

import io
import itertools
import zipfile
from collections.abc import Iterator

import numpy as np
from PIL import Image

from drill.sample_qti import paper_package

_WIDTH, _HEIGHT = 1280, 960


def large_package(size: int) -> bytes:
    """Return a QTI package with pictures of at least ``size`` bytes, dealt out over its items."""
    source = zipfile.ZipFile(io.BytesIO(paper_package("2.1")))
    contents = {name: source.read(name) for name in source.namelist()}
    items = [name for name in contents if name.startswith("items/")]
    pictures = dict(_pictures(size))
    for number, item in enumerate(items):
        mine = list(pictures)[number :: len(items)]
        contents[item] = _with_pictures(contents[item].decode(), mine).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        for name, content in (contents | pictures).items():
            package.writestr(name, content)
    return stream.getvalue()


def _with_pictures(item: str, pictures: list[str]) -> str:
    shown = "".join(f'<p><img src="../{picture}" alt="photograph"/></p>' for picture in pictures)
    return item.replace("<itemBody>", f"<itemBody>{shown}", 1)


def _pictures(size: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and JPEGs like photographs, of some 400 kB each, until there is ``size``."""
    random = np.random.default_rng(20260321)
    total = 0
    for number in itertools.count():
        if total >= size:
            return
        coarse = Image.fromarray(random.integers(0, 255, (12, 16, 3), np.uint8))
        shapes = np.asarray(coarse.resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC))
        grain = random.normal(0, 12, shapes.shape)
        picture = Image.fromarray(np.clip(shapes + grain, 0, 255).astype(np.uint8))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=88)
        total += stream.tell()
        yield f"images/large-{number}.jpg", stream.getvalue()
