-- What lies in segments/, and what became of it. Times are hall time in ms; digests are
-- hexadecimal; envelopes are DSSE in JSON. `seq` counts rows in the order of their commit.

-- What there is one of: the hall's generation, the clock's anchor, the last office receipt taken.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The sessions that core has admitted, one row an epoch.
CREATE TABLE sessions (
    session          TEXT NOT NULL,
    epoch            INTEGER NOT NULL,
    session_key      TEXT NOT NULL,    -- Ed25519: signs the manifests
    seat_certificate TEXT NOT NULL,    -- SHA-256 of the TLS certificate's DER
    subject          TEXT NOT NULL,
    candidate        TEXT NOT NULL,
    ended            INTEGER NOT NULL, -- 1 once core has said so
    PRIMARY KEY (session, epoch)
) STRICT, WITHOUT ROWID;

-- Views whose seat has said that they are recorded no more.
CREATE TABLE view_ends (
    session TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    view    TEXT NOT NULL,
    n       INTEGER NOT NULL,          -- number of the last segment, 0 for none
    last    TEXT NOT NULL,             -- digest of its manifest
    PRIMARY KEY (session, epoch, view)
) STRICT, WITHOUT ROWID;

-- Segments whose sealed bytes are durable in segments/, in a file named by these columns.
CREATE TABLE segments (
    seq      INTEGER PRIMARY KEY,
    session  TEXT NOT NULL,
    epoch    INTEGER NOT NULL,
    view     TEXT NOT NULL,
    n        INTEGER NOT NULL,
    size     INTEGER NOT NULL,         -- sealed bytes
    digest   TEXT NOT NULL,            -- of the manifest
    manifest TEXT NOT NULL,            -- envelope
    parcel   INTEGER,                  -- its row in parcels; NULL: in none yet; 0: lost
    held     INTEGER NOT NULL,         -- 1 while the file is there
    UNIQUE (session, epoch, view, n)
) STRICT;
CREATE INDEX segments_to_parcel ON segments (seq) WHERE parcel IS NULL;
CREATE INDEX segments_held ON segments (parcel) WHERE held = 1;

-- Subjects that are closed.
CREATE TABLE closed (
    subject TEXT PRIMARY KEY,
    at      INTEGER NOT NULL,
    ended   INTEGER NOT NULL           -- 1 once the lane's end is in a parcel
) STRICT;

-- Parcels of lane recordings.
CREATE TABLE parcels (
    row        INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    stage      TEXT NOT NULL,          -- sealed, received, verified, refused
    UNIQUE (generation, n)
) STRICT;
