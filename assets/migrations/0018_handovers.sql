-- Secrets that administrators hand over, each encrypted with a code that the server doesn't have and that opens it once.
-- The row stays for some days without the secret, so that a second attempt is noticed.
CREATE TABLE handovers (
    id TEXT PRIMARY KEY,
    lookup BLOB NOT NULL UNIQUE,                -- SHA-256 of the first characters of the code
    proof BLOB NOT NULL,                        -- SHA-256 of what shows that one has the rest, and the PIN
    sealed BLOB,                                -- NULL: nobody gets it any more
    key_id TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    has_pin INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    tries INTEGER NOT NULL,                     -- wrong proofs
    opener BLOB,                                -- SHA-256 of the nonce of the program that opened it
    by_address INTEGER NOT NULL,                -- whether that program is known by its address alone
    opened_at INTEGER,
    opened_from TEXT,
    confirmed_at INTEGER,
    again_at INTEGER,                           -- when another one tried to open it
    again_from TEXT,
    ended_at INTEGER                            -- when it was taken back, or tried too often
) STRICT, WITHOUT ROWID;
CREATE INDEX handovers_by_key ON handovers (key_id);
CREATE INDEX handovers_by_end ON handovers (until);
