-- Secrets that administrators hand over, each encrypted with a code that the server doesn't have and that opens it once.
-- The row stays for some days without the secret, so that a second attempt is noticed.
CREATE TABLE handovers (
    id text COLLATE "C" PRIMARY KEY,
    lookup bytea NOT NULL UNIQUE,                -- SHA-256 of the first characters of the code
    proof bytea NOT NULL,                        -- SHA-256 of what shows that one has the rest, and the PIN
    sealed bytea,                                -- NULL: nobody gets it any more
    key_id text COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    has_pin bigint NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    until bigint NOT NULL,
    tries bigint NOT NULL,                     -- wrong proofs
    opener bytea,                                -- SHA-256 of the nonce of the program that opened it
    by_address bigint NOT NULL,                -- whether that program is known by its address alone
    opened_at bigint,
    opened_from text COLLATE "C",
    confirmed_at bigint,
    again_at bigint,                           -- when another one tried to open it
    again_from text COLLATE "C",
    ended_at bigint                            -- when it was taken back, or tried too often
);
CREATE INDEX handovers_by_key ON handovers (key_id);
CREATE INDEX handovers_by_end ON handovers (until);
