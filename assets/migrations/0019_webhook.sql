-- Messages for the webhook. A row is also the mark that a message was made, so that it stays when it was sent.
CREATE TABLE webhook_messages (
    id TEXT PRIMARY KEY,                        -- as the receiver sees it
    kind TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,                        -- when the key expires, becomes active again, or was used
    body TEXT NOT NULL,                         -- empty when it was sent
    created_at INTEGER NOT NULL,
    next_at INTEGER,                            -- the next try, or the end of a claim; NULL: it was sent or given up
    tries INTEGER NOT NULL,
    failed_at INTEGER,                          -- when it was given up
    UNIQUE (key_id, kind, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_messages_next ON webhook_messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX keys_used_late ON keys (late_use_at) WHERE late_use_at IS NOT NULL;
