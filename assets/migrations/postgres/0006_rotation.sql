-- Rotation: a key is replaced by another one, and works until its end beside it.
ALTER TABLE keys
    ADD COLUMN replaces text COLLATE "C",                   -- the ID of the key before
    ADD COLUMN replaced_by text COLLATE "C",                -- the ID of the key after; stays when the rotation is over
    ADD COLUMN rotates_until bigint NOT NULL DEFAULT 0,     -- of both: the rotation is under way until then
    ADD COLUMN end_before bigint;                           -- of the key before: when it expired without the rotation
CREATE INDEX keys_rotating ON keys (rotates_until) WHERE rotates_until > 0;
ALTER TABLE uses
    ADD COLUMN late_use_at bigint,                          -- of the key before: the last use after its end
    ADD COLUMN refused_at bigint,                           -- the last refused exchange
    ADD COLUMN refused_from text;
