-- The keys that access tokens are signed with, the newest last: for an hour after a rotation the one before is there
-- too. The first is the half of the master key that signed before there were rotations.
CREATE TABLE signing_keys (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,                    -- in each token ("kid"); '' in none
    encrypted BLOB,                             -- with the master key; NULL for a half of that key
    at INTEGER NOT NULL
) STRICT;
INSERT INTO signing_keys (id, at) VALUES ('', 0);
