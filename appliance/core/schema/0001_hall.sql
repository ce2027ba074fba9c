-- The hall's record. Times are hall time in ms; digests are hexadecimal; envelopes are
-- DSSE in JSON. `seq` counts rows in the order of their commit, so that parcels can be
-- cut from each table without a second bookkeeping of what has been sent.

-- What there is one of: generation, revision, anchor of the clock, and the like.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- A candidate's subject: where it stands (exam.session.Session as JSON).
CREATE TABLE sessions (
    candidate TEXT NOT NULL,
    subject   TEXT NOT NULL,
    id        TEXT UNIQUE,            -- NULL before the first log-in
    epoch     INTEGER NOT NULL,       -- 0 before the first log-in
    seat      TEXT NOT NULL,
    state     TEXT NOT NULL,
    distance  INTEGER NOT NULL,       -- of the last look at the face, thousandths; -1: none
    PRIMARY KEY (candidate, subject)
) STRICT;

-- One grant an epoch. Its journal stands at its last row in `heads`, which is not repeated
-- here: the envelope fills a page, and each answer would write it again.
CREATE TABLE grants (
    seq      INTEGER PRIMARY KEY,
    session  TEXT NOT NULL,
    epoch    INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    n        INTEGER NOT NULL,        -- where the journal begins: 0,
    head     TEXT NOT NULL,           -- and the chain's link there
    logged   INTEGER NOT NULL,        -- the n that the log holds a leaf for
    office   INTEGER NOT NULL,        -- the n up to which the office has verified
    UNIQUE (session, epoch)
) STRICT;

-- The candidates' events: the very bytes that the seats wrote and signed.
CREATE TABLE events (
    session TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (session, epoch, n)
) STRICT, WITHOUT ROWID;

-- Each acknowledged head. The acknowledgement itself is not kept: Ed25519 is deterministic,
-- so the same words signed again are the same bytes (`appliance.core.box`).
CREATE TABLE heads (
    seq     INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    link    TEXT NOT NULL,            -- the chain after event n
    head    TEXT NOT NULL,            -- envelope
    at      INTEGER NOT NULL          -- when it was acknowledged
) STRICT;

-- The tail of an old epoch that turned up after the session had moved on.
CREATE TABLE strays (
    seq     INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    head    TEXT NOT NULL,            -- envelope
    batch   TEXT NOT NULL,            -- protocol.journal.Batch as it came
    UNIQUE (session, epoch, n, first)
) STRICT;

-- Decisions, numbered without a hole, each with the act that asked for it.
CREATE TABLE decisions (
    n        INTEGER PRIMARY KEY,
    envelope TEXT NOT NULL,
    act      TEXT                     -- envelope; NULL for the machine's
) STRICT;

-- Acts of staff by their nonce, with the reply: a repeated act does nothing again.
CREATE TABLE acts (
    nonce TEXT PRIMARY KEY,
    reply TEXT NOT NULL
) STRICT;

-- The log: leaves in order.
CREATE TABLE leaves (
    i    INTEGER PRIMARY KEY,         -- from 0
    body BLOB NOT NULL
) STRICT;

-- The log's checkpoints that were shown to anybody, with the seats' cosignatures.
CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;
CREATE TABLE cosignatures (
    size INTEGER NOT NULL,
    seat TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (size, seat)
) STRICT, WITHOUT ROWID;

-- What the candidates take away.
CREATE TABLE receipts (
    seq      INTEGER PRIMARY KEY,
    session  TEXT NOT NULL,
    envelope TEXT NOT NULL
) STRICT;

-- Something that a person should look at.
CREATE TABLE alerts (
    seq        INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    subject    TEXT,
    session    TEXT,
    candidate  TEXT,
    seat       TEXT,
    cause      TEXT NOT NULL,
    detail     TEXT NOT NULL,
    confidence INTEGER NOT NULL,      -- thousandths
    settled    INTEGER NOT NULL       -- 1 where nobody has to look any more
) STRICT;

-- Unlock codes that did not open, so that waiting outlasts a restart.
CREATE TABLE wrong_codes (
    seq     INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- The seats' certificates: who may speak as which seat.
CREATE TABLE pairings (
    seq         INTEGER PRIMARY KEY,
    seat        TEXT NOT NULL,
    certificate TEXT NOT NULL UNIQUE, -- SHA-256 of the TLS certificate's DER
    seat_key    TEXT NOT NULL,        -- Ed25519 in hexadecimal
    at          INTEGER NOT NULL,
    enrolled    TEXT NOT NULL,        -- appliance.core.pairing.Enrolled
    revoked     TEXT                  -- the reason, NULL while it is good
) STRICT;

-- The closing of a subject.
CREATE TABLE closings (
    seq      INTEGER PRIMARY KEY,
    subject  TEXT NOT NULL UNIQUE,
    envelope TEXT NOT NULL
) STRICT;

-- Parcels made: the last of each table's `seq` (or `n`, or `i`) that they hold.
CREATE TABLE parcels (
    lane    TEXT NOT NULL,
    n       INTEGER NOT NULL,
    digest  TEXT NOT NULL,
    cursors TEXT NOT NULL,            -- JSON: table -> last number within
    stage   TEXT NOT NULL,            -- sealed, received, verified, refused
    PRIMARY KEY (lane, n)
) STRICT, WITHOUT ROWID;
