-- The office's store. Times are hall time in ms, digests SHA-256 in hexadecimal,
-- envelopes DSSE in JSON. A sitting of a centre is named by (centre, sitting); what one
-- box's log or lanes count, by (centre, sitting, appliance, generation).

-- What there is one of: the registry that refused parcels were last judged by.
CREATE TABLE fact (
    name        TEXT PRIMARY KEY,
    value       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Parcels as far as the inner worker has come with them.
CREATE TABLE parcel (
    id          INTEGER PRIMARY KEY,
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    lane        TEXT NOT NULL,
    n           INTEGER NOT NULL,
    digest      TEXT NOT NULL,
    stage       TEXT NOT NULL,      -- received, verified, refused
    reason      TEXT NOT NULL,      -- why refused, or what a received one waits for
    at          INTEGER NOT NULL,
    UNIQUE (centre, sitting, appliance, generation, lane, n)
) STRICT;
CREATE INDEX parcel_by_stage ON parcel (stage);

-- Office receipts in the order in which each box reads them, from 1 without a hole.
CREATE TABLE receipt (
    centre      TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    number      INTEGER NOT NULL,
    envelope    TEXT NOT NULL,
    PRIMARY KEY (centre, appliance, number)
) STRICT, WITHOUT ROWID;

-- A candidate's subject.
CREATE TABLE session (
    id          TEXT PRIMARY KEY,
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    subject     TEXT NOT NULL,
    candidate   TEXT NOT NULL
) STRICT;

-- One grant an epoch, and up to where its journal is held.
CREATE TABLE epoch (
    session     TEXT NOT NULL REFERENCES session (id),
    epoch       INTEGER NOT NULL,
    appliance   TEXT NOT NULL,      -- the box that granted it
    generation  INTEGER NOT NULL,
    seat        TEXT NOT NULL,
    session_key TEXT NOT NULL,
    grant_digest TEXT NOT NULL,
    envelope    TEXT NOT NULL,
    n           INTEGER NOT NULL,
    head        TEXT NOT NULL,
    PRIMARY KEY (session, epoch)
) STRICT, WITHOUT ROWID;

-- The journals: the very bytes that the seats wrote.
CREATE TABLE event (
    session     TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (session, epoch, n)
) STRICT, WITHOUT ROWID;

-- Heads that a seat signed and that fit the events.
CREATE TABLE head (
    session     TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    head        TEXT NOT NULL,
    envelope    TEXT NOT NULL,
    PRIMARY KEY (session, epoch, n)
) STRICT, WITHOUT ROWID;

-- Each item's response as it stands after the last held event.
CREATE TABLE response (
    session     TEXT NOT NULL,
    item        TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    n           INTEGER NOT NULL,   -- of the event that gave it
    body        TEXT NOT NULL,      -- exam.paper.Response in its one encoding
    PRIMARY KEY (session, item)
) STRICT, WITHOUT ROWID;

-- Tails of old epochs, kept and never merged: a person decides.
CREATE TABLE stray (
    id          INTEGER PRIMARY KEY,
    session     TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    head        TEXT NOT NULL,
    record      TEXT NOT NULL,      -- protocol.parcel.StrayRecord
    follows     INTEGER NOT NULL,   -- 1 where its chain goes on from what is held
    UNIQUE (session, epoch, first, n, head)
) STRICT;

CREATE TABLE decision (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    digest      TEXT NOT NULL,
    candidate   TEXT,
    session     TEXT,
    kind        TEXT NOT NULL,
    by          TEXT NOT NULL,
    envelope    TEXT NOT NULL,
    act         TEXT,
    PRIMARY KEY (centre, sitting, appliance, generation, n)
) STRICT, WITHOUT ROWID;

-- Alerts, pictures, amendments, as they came.
CREATE TABLE record (
    id          INTEGER PRIMARY KEY,
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    UNIQUE (centre, sitting, kind, body)
) STRICT;

-- The boxes' logs.
CREATE TABLE leaf (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    i           INTEGER NOT NULL,   -- from 0
    body        BLOB NOT NULL,
    PRIMARY KEY (centre, sitting, appliance, generation, i)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    root        TEXT NOT NULL,
    note        TEXT NOT NULL,
    PRIMARY KEY (centre, sitting, appliance, generation, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE cosignature (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    line        TEXT NOT NULL,
    size        INTEGER NOT NULL,
    seat        TEXT NOT NULL,
    verified    INTEGER NOT NULL,   -- 0: of a seat, or a checkpoint, that is not known here
    PRIMARY KEY (centre, sitting, appliance, generation, size, line)
) STRICT, WITHOUT ROWID;

-- Grants and decisions that stand in a box's log, by the digests of their envelopes.
CREATE TABLE logged (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    digest      TEXT NOT NULL,
    PRIMARY KEY (centre, sitting, appliance, generation, digest)
) STRICT, WITHOUT ROWID;

-- The seats' keys, as the log says that they were paired.
CREATE TABLE seat_key (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    seat        TEXT NOT NULL,
    key         TEXT NOT NULL,
    PRIMARY KEY (centre, sitting, appliance, generation, seat, key)
) STRICT, WITHOUT ROWID;

-- What candidates took away, by its twenty characters.
CREATE TABLE candidate_receipt (
    code        TEXT PRIMARY KEY,
    session     TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    envelope    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Recordings: the sealed segment is inner/blobs/DIGEST.
CREATE TABLE segment (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    source      TEXT NOT NULL,      -- protocol.segment.FromSeat or FromRoom
    view        TEXT NOT NULL,
    n           INTEGER NOT NULL,
    digest      TEXT NOT NULL,      -- of the sealed bytes
    manifest    TEXT NOT NULL,      -- digest of the envelope; the next one's prev
    begins      INTEGER NOT NULL,
    ends        INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    complete    INTEGER NOT NULL,
    gap_before  INTEGER NOT NULL,   -- segments that the numbers say are missing before it
    envelope    TEXT NOT NULL,
    PRIMARY KEY (centre, sitting, source, view, n)
) STRICT, WITHOUT ROWID;

-- Where a lane says that nothing more of a subject follows.
CREATE TABLE lane_end (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    lane        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    missing     INTEGER NOT NULL,   -- segments that were made and never came
    PRIMARY KEY (centre, sitting, appliance, generation, lane, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE closing (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    subject     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    envelope    TEXT NOT NULL,
    PRIMARY KEY (centre, sitting, appliance, generation, subject)
) STRICT, WITHOUT ROWID;
