"""A stick that fills up, or breaks, at any moment of writing a bundle."""

import datetime as dt
import io

import pytest
from PIL import Image

from drill.sample_office import SampleHall, make_sample_office
from drill.sample_sitting import people
from provisioning.pack import check_written, copy_bundle
from runtime.errors import DiskError
from runtime.faults import FaultyDisk

NOW = dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    stream = io.BytesIO()
    picture = Image.effect_noise((295, 413), 60).convert("RGB")
    picture.paste((200, 120, 90), (100, 100, 200, 413))
    picture.save(stream, "JPEG")
    hall = SampleHall(
        persons=people(2), photos=(stream.getvalue(),), opens=NOW + dt.timedelta(days=1)
    )
    return make_sample_office(tmp_path_factory.mktemp("sample"), hall, NOW)


@pytest.mark.parametrize("fault", ["full", "broken"])
def test_a_stick_that_fails_anywhere_holds_no_half_bundle(fault, sample, tmp_path):
    """At each write point in turn: an error that says why, and a whole bundle or none."""
    root = sample.boxes[0].root_certificate
    with FaultyDisk().installed() as disk:
        copy_bundle(sample.bundle, tmp_path, root)
        points = disk.points
    assert points > 20
    for point in range(points):
        stick = tmp_path / str(point)
        stick.mkdir()
        with FaultyDisk().installed() as disk:
            getattr(disk, fault)(after=point)
            with pytest.raises(DiskError):
                copy_bundle(sample.bundle, stick, root)
        for left in stick.iterdir():
            assert left.name == sample.bundle.name
            check_written(left, root)
