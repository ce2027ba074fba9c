"""What the office's server says to its operators."""

import pytest

from central.messages import say
from central.receiving.judgement import Fault


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_of_a_parcel_has_its_chinese(fault: Fault) -> None:
    """A file that is not taken is explained, with the detail behind."""
    said = say("look", "zh", fault=fault, why=say(fault, "zh"), message="expected x")
    assert said.endswith("（expected x）")
    assert len(say(fault, "zh")) > 5
