-- Since when a session is admitted, hall time in ms: what it may put on the disk follows from it.
-- 0 for those that were admitted before this column was there.

ALTER TABLE sessions ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
