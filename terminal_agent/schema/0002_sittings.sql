-- More than one sitting on the same machine: decisions count anew in each, so their numbers
-- stand beside the sitting and the box that made them.
ALTER TABLE decisions RENAME TO decisions_before;
CREATE TABLE decisions (
    sitting    TEXT NOT NULL,
    appliance  TEXT NOT NULL,
    generation INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    envelope   TEXT NOT NULL,
    PRIMARY KEY (sitting, appliance, generation, n)
) STRICT, WITHOUT ROWID;
-- Where these belong stands in the decisions themselves: the program reads it as it opens.
INSERT INTO decisions SELECT '', '', generation, n, envelope FROM decisions_before;
DROP TABLE decisions_before;

-- `tail`: the n to which the box keeps these events as the tail of an epoch that has ended.
ALTER TABLE sessions ADD COLUMN tail INTEGER NOT NULL DEFAULT 0;
-- `lowered`: the n up to which hands that were raised have been taken down again.
ALTER TABLE sessions ADD COLUMN lowered INTEGER NOT NULL DEFAULT 0;

-- What does not fit this seat's own journal: kept for whoever looks into it.
CREATE TABLE mismatches (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,     -- hall time in ms
    session  TEXT NOT NULL,
    what     TEXT NOT NULL,        -- receipt, office
    envelope TEXT NOT NULL,
    UNIQUE (session, envelope)
) STRICT;
