"""Faces the internet: takes parcels, checks the outer signature, makes them durable.

It holds no key that opens anything, and none that permits a box to delete: the inner
worker signs all office receipts, *received* too, when it finds the parcel on the disk.

Rules:

1. A parcel is in the catalogue only when its bytes are durable; only then is the last
   PATCH answered.
2. Everything may come again: the same creation, PATCH, parcel, from any connection.
3. Another parcel under a key that is taken is a fork: refused, kept aside, an incident.
4. No room means 507 and nothing half; what was durable stays, and it goes on later.
"""
