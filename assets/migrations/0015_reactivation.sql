-- When a key that is switched off becomes active again by itself. By the clock alone: this and `switched_off` are cleared
-- a little later.
ALTER TABLE keys ADD COLUMN reactivates_at INTEGER CHECK (reactivates_at IS NULL OR switched_off);
CREATE INDEX keys_to_reactivate ON keys (reactivates_at) WHERE reactivates_at IS NOT NULL;
