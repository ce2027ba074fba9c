"""What the log-in of a rule book asks of a roster."""

import re

import pytest

from exam.rulebook import RuleBook, read_rule_book
from tests.unit.provisioning.clerks_office import RULES, Office


@pytest.fixture
def office() -> Office:
    return Office()


def asking_for(*fields: str) -> RuleBook:
    """Return the rule book with another log-in."""
    wanted = ", ".join(f'"{field}"' for field in fields)
    return read_rule_book(re.sub(r"fields = .*", f"fields = [{wanted}]", RULES))


def test_one_seat_by_its_label_and_by_its_name_is_taken_once(office):
    """A01 on the desk is a-01 in the plan: two candidates do not sit there."""
    office.rows[1][4] = "a-01"
    assert [(p.code, p.place.row) for p in office.refused()] == [("roster-double", 5)]


def test_nobody_shares_a_ticket_number_with_anothers_mobile(office):
    """Where the log-in asks for it: a missing one is told, and so is one that is two people's."""
    office.header[3:4] = ["准考证号", "手机"]
    office.rows[0][3:4] = ["13800138000", ""]
    office.rows[1][3:4] = ["", "13800138000"]
    assert len(office.take().roster.candidates) == 2
    rules = asking_for("ticket_number")
    assert [p.code for p in office.refused(rules=rules)] == ["roster-double"]
    office.rows[1][4] = ""
    (problem,) = office.refused(rules=rules)
    assert (problem.code, problem.place.row, problem.place.column[0]) == ("roster-empty", 5, "D")


def test_passwords_are_taken_where_the_rule_book_asks(office):
    """A column of its own, one for each candidate; a roster without them is refused."""
    rules = asking_for("ticket_number", "password")
    assert [p.code for p in office.refused(rules=rules)] == ["roster-no-column"]
    office.header.append("登录密码")
    office.rows[0].append(" ７k2m ")
    office.rows[1].append(None)
    assert [p.code for p in office.refused(rules=rules)] == ["roster-empty"]
    office.rows[1][-1] = 90210
    first, second = office.take(rules=rules).roster.candidates
    assert (first.password, second.password) == ("7K2M", "90210")
    assert "7K2M" not in repr(first)
