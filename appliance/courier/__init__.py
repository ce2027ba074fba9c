"""Carries parcels to the central office, by line or by stick, and office receipts back.

Rules:

1. The files of the outbox are the truth about what there is to carry; the courier's own
   database remembers how far each has come.
2. Answers first: of all that waits, the parcel of the first lane and lowest number goes next,
   and a longer one gives way after each piece.
3. Any line may break anywhere. The office is asked how far it got, and it goes on from there;
   creating an upload anew gives the old one, so that even a courier without memory resumes.
4. Only what the office's receipts key signed changes a parcel's stage. A file is deleted
   after *verified*, and the retention after it; nothing less permits that.
5. Line and stick may be mixed freely: both lead to the same parcels and the same receipts.
"""
