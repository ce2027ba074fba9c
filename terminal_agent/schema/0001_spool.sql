-- The seat's own record: what the candidate did, before anybody else has it. Times are hall
-- time in ms. The folder is readable by the agent's user only.

-- What there is one of: the last hall info, the clock's anchor, the chosen language.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- One row a grant. `key` is the session key's seed: it signs heads and manifests.
CREATE TABLE sessions (
    seq             INTEGER PRIMARY KEY,
    session         TEXT NOT NULL,
    epoch           INTEGER NOT NULL,
    grant_envelope  TEXT NOT NULL,
    key             BLOB NOT NULL,
    own_data        TEXT NOT NULL,
    standing        TEXT NOT NULL,     -- where the candidate stood before this grant
    acknowledged    INTEGER NOT NULL,  -- the n that the box has acknowledged
    acknowledgement TEXT,              -- its envelope
    office          INTEGER NOT NULL,  -- the n that the office has verified
    receipt         TEXT,              -- envelope of the candidate's receipt
    state           TEXT NOT NULL,     -- open, left, moved
    UNIQUE (session, epoch)
) STRICT;

-- The candidate's events: the bytes that are hashed, sent and kept.
CREATE TABLE events (
    session TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (session, epoch, n)
) STRICT, WITHOUT ROWID;

-- Decisions of the hall, so that the seats can rebuild it.
CREATE TABLE decisions (
    generation INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    envelope   TEXT NOT NULL,
    PRIMARY KEY (generation, n)
) STRICT, WITHOUT ROWID;

-- The last checkpoint of the box's log that this seat has checked, by origin.
CREATE TABLE checkpoints (
    origin TEXT PRIMARY KEY,
    size   INTEGER NOT NULL,
    note   TEXT NOT NULL
) STRICT;
