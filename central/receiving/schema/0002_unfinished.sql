-- Uploads that have not come whole are looked for by their box, at each of its PATCHes.

CREATE INDEX upload_unfinished ON upload (client) WHERE parcel IS NULL AND refused IS NULL;
