"""What the office holds, verified: one SQLite database and folders for what is large.

Only the inner worker writes it, and only in the transaction that also decides about the
parcel from which it came: what is here was verified, and what was refused left nothing.
"""
