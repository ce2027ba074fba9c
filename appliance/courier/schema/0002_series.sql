-- Which list of the office the number is of: the digest of the list's first receipt. An office
-- that has lost its list begins another, and what it says there is read from the beginning.

ALTER TABLE office ADD COLUMN series TEXT NOT NULL DEFAULT '';
