-- Messages for the webhook. A row is also the mark that a message was made, so that it stays when it was sent.
CREATE TABLE webhook_messages (
    id text COLLATE "C" PRIMARY KEY,           -- as the receiver sees it
    kind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    at bigint NOT NULL,                        -- when the key expires, becomes active again, or was used
    body text NOT NULL,                        -- empty when it was sent
    created_at bigint NOT NULL,
    next_at bigint,                            -- the next try, or the end of a claim; NULL: it was sent or given up
    tries bigint NOT NULL,
    failed_at bigint,                          -- when it was given up
    UNIQUE (key_id, kind, at)
);
CREATE INDEX webhook_messages_next ON webhook_messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX uses_late ON uses (late_use_at) WHERE late_use_at IS NOT NULL;
