-- The courier's ledger: how far each parcel has come, and every office receipt.
-- Times are milliseconds of the machine's calendar, for retention only.

CREATE TABLE parcel (
    name     TEXT PRIMARY KEY,      -- of its file
    lane     TEXT NOT NULL,
    generation INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    size     INTEGER NOT NULL,      -- of the whole file, bytes
    sha256   TEXT NOT NULL,         -- of the whole file
    digest   TEXT NOT NULL UNIQUE,  -- of the signed header: what receipts name
    stage    TEXT NOT NULL,         -- sealed, sent, received, verified, refused
    changed_at INTEGER NOT NULL,
    removed  INTEGER NOT NULL       -- 1 once its file was deleted
) STRICT;
CREATE INDEX parcel_by_stage ON parcel (stage);

-- Office receipts in the order in which they came, by line or by stick.
CREATE TABLE receipt (
    number   INTEGER PRIMARY KEY,   -- from 1 without a hole; makers remember it
    digest   TEXT NOT NULL UNIQUE,  -- of the envelope: the same receipt comes once
    about    TEXT NOT NULL,         -- digest of the parcel
    stage    TEXT NOT NULL,         -- what it says: received, verified, refused
    at       INTEGER NOT NULL,      -- when it came
    envelope TEXT NOT NULL
) STRICT;
CREATE INDEX receipt_by_parcel ON receipt (about);

-- The number of the last receipt that was read from the office's own list.
CREATE TABLE office (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    after    INTEGER NOT NULL
) STRICT;
INSERT INTO office (id, after) VALUES (1, 0);
