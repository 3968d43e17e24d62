-- New secrets, sealed to the program that asked for them: for that program to get again if their answer was lost, for a
-- short time.
CREATE TABLE undelivered (
    key_id text COLLATE "C" PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
    username text COLLATE "C" NOT NULL,         -- who created the key
    sealed bytea NOT NULL,
    until bigint NOT NULL
);
CREATE INDEX undelivered_by_end ON undelivered (until);
