-- The office's catalogue of what it has issued. No secret stands in it in the open.

-- Certificates by the SHA-256 of their DER; staff keys by their key id.
CREATE TABLE issued (
    fingerprint TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,      -- root, signing, receipts, server, centre, appliance, staff
    name        TEXT NOT NULL,
    centre      TEXT NOT NULL,      -- '' for the office's own
    issued_at   INTEGER NOT NULL,   -- ms since 1970, UTC
    revoked_at  INTEGER,            -- NULL while it counts
    reason      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX issued_once ON issued (kind, centre, name) WHERE revoked_at IS NULL;

CREATE TABLE centres (
    id    TEXT PRIMARY KEY,
    title TEXT NOT NULL
) STRICT;

-- Public parts of the boxes; their private parts went to the boxes and are not kept.
CREATE TABLE appliances (
    centre          TEXT NOT NULL REFERENCES centres (id),
    id              TEXT NOT NULL,
    room            TEXT NOT NULL,
    spare           INTEGER NOT NULL,
    box_key         TEXT NOT NULL,
    log_key         TEXT NOT NULL,
    age_recipient   TEXT NOT NULL,
    tls_certificate TEXT NOT NULL REFERENCES issued (fingerprint),
    PRIMARY KEY (centre, id)
) STRICT;

CREATE TABLE staff (
    centre TEXT NOT NULL REFERENCES centres (id),
    id     TEXT NOT NULL,
    name   TEXT NOT NULL,
    role   TEXT NOT NULL,
    key    TEXT NOT NULL,           -- Ed25519, 64 hexadecimal digits
    key_id TEXT NOT NULL REFERENCES issued (fingerprint),
    PRIMARY KEY (centre, id)
) STRICT;

-- One sealed paper a sitting, subject and revision; P and the answer keys lie in the vault.
CREATE TABLE papers (
    sitting       TEXT NOT NULL,
    subject       TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    title         TEXT NOT NULL,
    items         INTEGER NOT NULL,
    points        INTEGER NOT NULL, -- hundredths
    sealed_sha256 TEXT NOT NULL,
    sealed_at     INTEGER NOT NULL,
    PRIMARY KEY (sitting, subject, revision)
) STRICT;

CREATE TABLE bundles (
    centre     TEXT NOT NULL,
    sitting    TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    manifest   TEXT NOT NULL,       -- digest of the signed manifest
    candidates INTEGER NOT NULL,
    PRIMARY KEY (centre, sitting, revision)
) STRICT;

-- Unlock codes, each sealed to the vault; giving one out is on record.
CREATE TABLE codes (
    centre   TEXT NOT NULL,
    sitting  TEXT NOT NULL,
    subject  TEXT NOT NULL,
    revision INTEGER NOT NULL,      -- of the bundle
    number   INTEGER NOT NULL,      -- 1 and 2 where two invigilators hold one each
    sealed   BLOB NOT NULL,
    PRIMARY KEY (centre, sitting, subject, revision, number)
) STRICT;

CREATE TABLE given_codes (
    id       INTEGER PRIMARY KEY,
    centre   TEXT NOT NULL,
    sitting  TEXT NOT NULL,
    subject  TEXT NOT NULL,
    revision INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    given_at INTEGER NOT NULL,
    given_to TEXT NOT NULL
) STRICT;
