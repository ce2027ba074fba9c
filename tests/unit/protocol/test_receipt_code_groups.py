"""A receipt's code as a person types it."""

from protocol.codes import RECEIPT_GROUPS, read_code, receipt_code_from


def test_a_receipts_code_is_read_in_whatever_groups_it_was_copied() -> None:
    """Twenty characters in fours, in one piece or with hyphens are the same code."""
    code = receipt_code_from(bytes(range(10)))
    plain = code.replace("-", "")
    fours = " ".join(plain[at : at + 4] for at in range(0, 20, 4))
    for typed in (plain, fours.lower(), code, "-".join(fours.split())):
        assert read_code(typed, RECEIPT_GROUPS) == code
