"""The `recordings` process: keeps what was recorded, sealed, until the office has it.

Owns ``recordings/`` on the box's disk: sealed segments, and the database of their signed
manifests. It cannot open them: they are sealed to the office. On a filling disk they give
way first.

- `intake`: the way of a segment from a seat to `Stored`.
- `shelf`: the files, flushed together.
- `parcels`: lane recordings.
- `deliveries`: what follows from what the office says about it.
- `service`: the process.
"""
