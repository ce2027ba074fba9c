-- The receiver's catalogue: unfinished uploads, received parcels, incidents.
-- Times are milliseconds since 1970, UTC; digests are SHA-256 in hexadecimal.

CREATE TABLE parcel (
    id          INTEGER PRIMARY KEY,
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    lane        TEXT NOT NULL,
    n           INTEGER NOT NULL,
    digest      TEXT NOT NULL,      -- of the signed header: names this very parcel
    file_sha256 TEXT NOT NULL,
    size        INTEGER NOT NULL,   -- of the whole file, bytes
    received_at INTEGER NOT NULL,
    came_from   TEXT NOT NULL,      -- digest of the client's certificate, or 'stick'
    UNIQUE (centre, sitting, appliance, generation, lane, n)
) STRICT;

-- One row an upload from its creation on; its bytes are uploads/<id>.part.
CREATE TABLE upload (
    id          TEXT PRIMARY KEY,
    client      TEXT NOT NULL,      -- digest of the client's certificate
    length      INTEGER NOT NULL,
    sha256      TEXT NOT NULL,      -- declared; it decides
    created_at  INTEGER NOT NULL,
    parcel      INTEGER REFERENCES parcel (id),  -- set once the parcel is in the catalogue
    refused     TEXT,               -- a fault that a repetition would not change: a fork
    message     TEXT
) STRICT;

-- What a person should look at.
CREATE TABLE incident (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    came_from   TEXT NOT NULL,
    fault       TEXT NOT NULL,
    message     TEXT NOT NULL,
    file        TEXT                -- what was kept aside, below receiving/aside
) STRICT;
