"""What decisions and events mean to the session table: one reading, for box and seat.

The box applies a decision when it has made it, the seat when it has heard of it; both
apply an event when it lies on their disk.
"""

from exam import session as table
from exam.rulebook import RuleBook
from protocol import decisions as d
from protocol import journal as j


def happening_of(what: d.What, at: int) -> table.Happening | None:  # noqa: C901 - one line a kind
    """Return what a decision does to a session; None where it only informs."""
    match what:
        case d.IdentityDecided(accepted=True, withheld=withheld):
            return table.IdentityAccepted(at=at, withheld=withheld)
        case d.IdentityDecided() | d.Refused():
            return table.TurnedAway(at=at)
        case d.Paused():
            return table.Paused(at=at)
        case d.Resumed():
            return table.Resumed(at=at)
        case d.TimeGiven(ms=ms):
            return table.TimeGiven(at=at, ms=ms)
        case d.LeaveGranted(back_by=back_by):
            return table.WentAway(at=at, back_by=back_by)
        case d.LeaveEnded():
            return table.CameBack(at=at)
        case d.Collected():
            return table.Collected(at=at)
        case d.Reopened():
            return table.Reopened(at=at)
        case d.Voided():
            return table.Voided(at=at)
        case d.AbsentMarked():
            return table.MissedIt(at=at)
        case d.Moved():
            return table.Moved(at=at)
        case _:
            return None


def happening_of_event(event: j.Event, rules: RuleBook) -> table.Happening | None:
    """Return what a candidate's event does to the session; None where it is only kept."""
    match event:
        case j.RulesRead(hall=at):
            return table.RulesRead(at=at)
        case j.Entered(hall=at):
            return table.Entered(at=at)
        case j.Returned(hall=at, away_ms=away) if away > rules.leaving_screen.grace_s * 1000:
            return table.LeftScreen(at=at)
        case j.HandedIn(hall=at, automatic=automatic, provisional=provisional):
            return table.HandedIn(at=at, automatic=automatic, provisional=provisional)
        case _:
            return None
