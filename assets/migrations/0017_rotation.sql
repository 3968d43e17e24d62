-- Rotation: a key is replaced by another one, and works until its end beside it.
ALTER TABLE keys ADD COLUMN replaces TEXT;                              -- the ID of the key before
ALTER TABLE keys ADD COLUMN replaced_by TEXT;                           -- the ID of the key after; stays when the rotation is over
ALTER TABLE keys ADD COLUMN rotates_until INTEGER NOT NULL DEFAULT 0;   -- of both: the rotation is under way until then
ALTER TABLE keys ADD COLUMN end_before INTEGER;                         -- of the key before: when it expired without the rotation
ALTER TABLE keys ADD COLUMN late_use_at INTEGER;                        -- of the key before: the last use after its end
ALTER TABLE keys ADD COLUMN refused_at INTEGER;                         -- the last refused exchange
ALTER TABLE keys ADD COLUMN refused_from TEXT;
CREATE INDEX keys_rotating ON keys (rotates_until) WHERE rotates_until > 0;
