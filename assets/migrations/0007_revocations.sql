-- What ends access tokens before their time. Who knows all of it verifies a token without reading a key. It is numbered
-- in the order of commits, and kept for a little longer than a token lives. Triggers write it, so that a change made by
-- hand revokes as well.
CREATE TABLE revocations (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL,                       -- '' for the tokens of all keys: kept for ever
    generation INTEGER NOT NULL,                -- tokens of an earlier one are revoked
    not_after INTEGER,                          -- and all tokens from this time on
    at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER keys_revoked AFTER UPDATE OF generation, expires_at ON keys
WHEN old.generation <> new.generation OR old.expires_at IS NOT new.expires_at BEGIN
    INSERT INTO revocations (key_id, generation, not_after, at)
    VALUES (new.id, new.generation, new.expires_at, CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
CREATE TRIGGER keys_revoked_for_good AFTER DELETE ON keys BEGIN
    INSERT INTO revocations (key_id, generation, at)
    VALUES (old.id, 9223372036854775807, CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
