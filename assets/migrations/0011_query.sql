-- Grows with each change by an administrator, so that two do not overwrite each other's.
ALTER TABLE keys ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
-- When a key stops working, to sort and filter by: one that never does sorts as latest.
ALTER TABLE keys ADD COLUMN ends_at INTEGER GENERATED ALWAYS AS (ifnull(expires_at, 9223372036854775807)) VIRTUAL;
CREATE INDEX keys_by_end ON keys (ends_at);
CREATE INDEX keys_by_state_end ON keys (state, ends_at);
CREATE INDEX keys_by_creator ON keys (created_by);
CREATE INDEX keys_by_state_creator ON keys (state, created_by);
CREATE INDEX keys_by_creation ON keys (created_at);
CREATE INDEX keys_never_used ON keys (created_at) WHERE last_used_at = 0;
