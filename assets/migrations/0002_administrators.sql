-- Who may sign in. Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE administrators (
    username TEXT PRIMARY KEY,                  -- in lower case: Jo and jo are one
    role TEXT NOT NULL,                         -- superuser, administrator or auditor
    password TEXT NOT NULL,                     -- Argon2id, as a PHC string
    created_at INTEGER NOT NULL,
    last_sign_in_at INTEGER
) STRICT, WITHOUT ROWID;

-- Who is signed in. Of a token only its SHA-256 is kept. A session goes with its administrator.
CREATE TABLE sessions (
    digest BLOB PRIMARY KEY,
    username TEXT NOT NULL REFERENCES administrators (username) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,              -- to the minute, so that a read stays a read
    source TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_username ON sessions (username);
CREATE INDEX sessions_by_age ON sessions (created_at);

-- From where each has signed in before: strangers who guess elsewhere do not slow them down there.
CREATE TABLE familiar (
    username TEXT NOT NULL REFERENCES administrators (username) ON DELETE CASCADE,
    network TEXT NOT NULL,                      -- an IPv4 address, the first half of an IPv6 one, or 'local'
    last_at INTEGER NOT NULL,
    PRIMARY KEY (username, network)
) STRICT, WITHOUT ROWID;
