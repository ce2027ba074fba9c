-- The machines that were heard on the hall's network, so that after a restart they are
-- looked for at once where they were. A hint: nothing here proves who a machine is.

CREATE TABLE terminals (
    name        TEXT PRIMARY KEY,   -- as it called itself: a seat, or new-XXXXXXXX
    seat        TEXT,               -- the seat of the roster that it claims
    addresses   TEXT NOT NULL,      -- JSON array of host:port, the best first
    boot        TEXT NOT NULL,      -- the kernel's boot id, to which the times belong
    first_heard INTEGER NOT NULL,   -- BOOTTIME in ms
    last_heard  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
