"""The inner worker: the only process with the opening key and the receipts key.

It takes received parcels in the order of their lanes, opens them, and verifies every
record in them. A parcel is taken whole or not at all: what it brings to the store, the
verdict and the signed office receipt are one transaction.

What a verdict means: *verified* permits the box to delete; *refused* means that a person
must look, the box keeps the parcel, and the lane goes on with the next one; a parcel that
needs something of another lane waits for it.
"""
