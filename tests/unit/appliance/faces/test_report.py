"""Error rates: what is counted, and how little is claimed of it."""

import pytest

from appliance.faces.report import login_rows, pair_rows, rate

ZERO = (0.0,) * 127


def at(x: float):
    """A face at a place on a line, so that distances are differences."""
    return (x, *ZERO)


PEOPLE = {
    "one": [at(x) for x in (0.00, 0.10, 0.20, 0.30)],
    "other": [at(x) for x in (0.70, 0.80, 0.90, 1.00)],
}


def test_pairs_are_counted_on_both_sides_of_a_threshold():
    """At 0.25 one pair of six in each person is too far; at 0.45 one pair of two is too near."""
    low, high = pair_rows(PEOPLE, (250, 450))
    assert (low.same, low.same_refused, low.different, low.different_accepted) == (12, 2, 16, 0)
    assert (high.same_refused, high.different_accepted) == (0, 1)


def test_log_ins_are_judged_by_the_rules_of_a_check():
    """People who lie apart are accepted as themselves and refused or doubted as each other."""
    own, impostors = login_rows(PEOPLE)
    assert (own.checks, own.accepted) == (8, 8)
    assert impostors.checks == 8
    assert impostors.accepted == 0
    assert impostors.doubt + impostors.refused == 8


def test_people_with_too_few_pictures_do_not_log_in():
    """Three pictures leave two frames beside the roster photo: not enough."""
    own, impostors = login_rows({"one": PEOPLE["one"][:3], "other": PEOPLE["other"][:3]})
    assert own.checks == impostors.checks == 0


@pytest.mark.parametrize(
    ("count", "of", "said"),
    [(1, 200, "0.50 %"), (0, 300, "< 1.00 %"), (0, 2, "< 100.00 %"), (0, 0, "-")],
)
def test_nothing_seen_is_not_nothing(count, of, said):
    """A count of nought is given as the bound that the number of trials supports."""
    assert rate(count, of) == said
