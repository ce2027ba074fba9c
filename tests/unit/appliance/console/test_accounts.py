"""The sentences about who is accounted for and what the office has."""

import pytest
from msgspec.structs import replace

from appliance.console.accounts import final_sentence, lane_sentence, parcels
from appliance.console.messages import Language
from exam.session import State
from protocol.parcel import Lane
from tests import sample_halls as halls

ENDED = {State.HANDED_IN: 4, State.REFUSED: 1, State.ABSENT: 1}


def test_the_last_sentence_of_the_day():
    """Closed and verified, six candidates read as the issue wants it, in both languages."""
    hall = replace(halls.delivered(), standing=ENDED)
    assert final_sentence(hall, Language.EN) == (
        "6 accounted for: 4 handed in, 2 refused or absent; all received and verified by the office"
    )
    assert final_sentence(hall, Language.ZH) == (
        "6 人均有结果：交卷 4 人，拒绝入场或缺考 2 人；机构已全部收到并核验"
    )


def test_collected_and_voided_are_named_where_there_are_any():
    """Nobody is hidden in another's count."""
    hall = replace(halls.delivered(), standing={**ENDED, State.COLLECTED: 2, State.VOIDED: 1})
    sentence = final_sentence(hall, Language.EN) or ""
    assert sentence.startswith(
        "9 accounted for: 4 handed in, 2 collected, 1 voided, 2 refused or absent;"
    )


@pytest.mark.parametrize("changes", [{"closing": None}, {"office_verified_all": False}])
def test_there_is_no_last_sentence_before_its_time(changes):
    """Neither before the closing nor before the office has verified everything."""
    assert final_sentence(replace(halls.delivered(), **changes), Language.EN) is None


def test_a_lane_in_words():
    """A lane reads "412 sealed, 412 received, 412 verified"."""
    lane = halls.lane(Lane.ANSWERS, 412, 412, 412)
    assert lane_sentence(lane, Language.EN) == "412 sealed, 412 received, 412 verified"
    assert lane_sentence(lane, Language.ZH) == "封装 412，收到 412，核验 412"


def test_parcels_of_all_lanes_are_summed():
    """What is verified and what is sealed, over all lanes."""
    assert parcels(halls.in_the_exam()) == (122, 156)
