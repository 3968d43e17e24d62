-- New secrets, sealed to the program that asked for them: for that program to get again if their answer was lost, for a
-- short time.
CREATE TABLE undelivered (
    key_id TEXT PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
    username TEXT NOT NULL,                     -- who created the key
    sealed BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX undelivered_by_end ON undelivered (until);
