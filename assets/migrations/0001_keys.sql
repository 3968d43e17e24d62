-- Times are milliseconds since 1970-01-01 UTC. `seq` is the order of creation, whatever the clock says.
CREATE TABLE keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    label_fold TEXT NOT NULL,                   -- as it is sorted and searched: see fold() in the program
    state INTEGER NOT NULL,                     -- 0 active, 1 expired, 2 inactive: a copy to sort and filter by, moved by a sweep
    switched_off INTEGER NOT NULL DEFAULT 0,    -- the administrator's word, which outlives an expiry
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER NOT NULL DEFAULT 0,    -- 0 is never, which so sorts as oldest
    last_used_from TEXT,
    generation INTEGER NOT NULL DEFAULT 0       -- grows when access tokens given out so far must stop working
) STRICT;
CREATE INDEX keys_by_label ON keys (label_fold);
CREATE INDEX keys_by_use ON keys (last_used_at);
CREATE INDEX keys_by_state ON keys (state);
CREATE INDEX keys_by_state_label ON keys (state, label_fold);
CREATE INDEX keys_by_state_use ON keys (state, last_used_at);
CREATE INDEX keys_by_state_id ON keys (state, id);
CREATE INDEX keys_to_expire ON keys (expires_at) WHERE state <> 1 AND expires_at IS NOT NULL;
CREATE INDEX keys_expired ON keys (expires_at) WHERE state = 1;

-- How many keys there are of each state, so that a total costs nothing.
CREATE TABLE counts (state INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;
INSERT INTO counts VALUES (0, 0), (1, 0), (2, 0);
CREATE TRIGGER keys_inserted AFTER INSERT ON keys BEGIN
    UPDATE counts SET n = n + 1 WHERE state = new.state;
END;
CREATE TRIGGER keys_deleted AFTER DELETE ON keys BEGIN
    UPDATE counts SET n = n - 1 WHERE state = old.state;
END;
CREATE TRIGGER keys_moved AFTER UPDATE OF state ON keys WHEN old.state <> new.state BEGIN
    UPDATE counts SET n = n - 1 WHERE state = old.state;
    UPDATE counts SET n = n + 1 WHERE state = new.state;
END;

-- Secret access keys, sealed with the master key; never in the clear.
CREATE TABLE sealed (
    seq INTEGER PRIMARY KEY REFERENCES keys (seq) ON DELETE CASCADE,
    secret BLOB NOT NULL
) STRICT;

-- What happened. No reference to keys: the history of a deleted key stays.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    by TEXT,
    source TEXT,
    detail TEXT
) STRICT;
CREATE INDEX events_by_key ON events (key_id);

-- Answers to repeated creates, kept for a day.
CREATE TABLE creates (
    username TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    key_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (username, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX creates_by_age ON creates (at);

-- The search index: which keys hold which three characters. It keeps no text of its own.
CREATE VIRTUAL TABLE grams USING fts5 (
    text, tokenize = 'trigram case_sensitive 1', content = '', contentless_delete = 1, detail = none
);
CREATE VIRTUAL TABLE gram_terms USING fts5vocab (grams, row);
