-- What does not agree in all that came of a box's subject, once its lanes have ended: see
-- central.verification.whole. Found anew, all at once, whenever something more has come.
CREATE TABLE finding (
    centre      TEXT NOT NULL,
    sitting     TEXT NOT NULL,
    appliance   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    subject     TEXT NOT NULL,
    i           INTEGER NOT NULL,
    text        TEXT NOT NULL,      -- the name of a message
    parts       TEXT NOT NULL,      -- JSON: the message's values
    PRIMARY KEY (centre, sitting, appliance, generation, subject, i)
) STRICT, WITHOUT ROWID;
