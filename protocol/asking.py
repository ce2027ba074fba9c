"""Which decision a signed act asks for: one reading, for whoever checks the record.

A decision names the person's act by its digest. That proves something only where the act asks
for this very decision: of this kind, about this candidate or subject, with these words and
numbers. What the box adds by itself (the time to be back, the next epoch, the distance of the
faces, a start that was past) is not compared. One act asks for one decision.
"""

from protocol import decisions as d
from protocol import staff_api as api
from protocol.decisions import Decision, Scope


def asks_for(act: api.Act, decision: Decision) -> bool:
    """Say whether a person who signed ``act`` has asked for ``decision``."""
    return _concerns(act, decision) and _means(act, decision.what)


def _concerns(act: api.Act, decision: Decision) -> bool:
    """Say whether both are about the same candidate, or all, and the same subject."""
    candidate = getattr(act, "candidate", None)
    subject = getattr(act, "subject", decision.subject)
    scope = Scope.ALL if candidate is None else Scope.ONE
    there = (decision.scope, decision.candidate, decision.subject)
    return there == (scope, candidate, subject)


def _means(act: api.Act, what: d.What) -> bool:
    match act, what:
        case api.OpenDoors(correction=asked), d.DoorsOpened(correction=made):
            return asked == made
        case api.Arm(start=asked), d.Armed(start=made):
            return made >= asked  # one that is past begins at once
        case api.DecideIdentity() as asked_who, d.IdentityDecided() as made_who:
            asked_for = ("person", asked_who.accepted, False, asked_who.reason)
            return asked_for == (
                made_who.method,
                made_who.accepted,
                made_who.withheld,
                made_who.reason,
            )
        case api.Extend(ms=asked, reason=why), d.TimeGiven(ms=made, reason=said):
            return (asked, why) == (made, said)
        case api.Message(text=text, must_confirm=must), d.Told(text=said, must_confirm=is_must):
            return (text, must) == (said, is_must)
        case api.Void(article=article, reason=why), d.Voided(article=by, reason=said):
            return (article, why) == (by, said)
        case api.Move(seat=seat, reason=why), d.Moved(seat=there, reason=said):
            return (seat, why) == (there, said)
        case (
            (api.Pause(reason=why), d.Paused(reason=said))
            | (api.Resume(reason=why), d.Resumed(reason=said))
            | (api.Collect(reason=why), d.Collected(reason=said))
            | (api.Reopen(reason=why), d.Reopened(reason=said))
            | (api.MarkAbsent(reason=why), d.AbsentMarked(reason=said))
        ):
            return why == said
        case (
            (api.Disarm(), d.Disarmed())
            | (api.GrantLeave(), d.LeaveGranted())
            | (api.EndLeave(), d.LeaveEnded())
            | (api.CloseSubject(), d.SubjectClosed())
        ):
            return True
        case _:
            return False
