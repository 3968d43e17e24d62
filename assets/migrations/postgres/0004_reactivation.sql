-- As in the SQLite store.
ALTER TABLE keys ADD COLUMN IF NOT EXISTS reactivates_at bigint CHECK (reactivates_at IS NULL OR switched_off);
CREATE INDEX IF NOT EXISTS keys_to_reactivate ON keys (reactivates_at) WHERE reactivates_at IS NOT NULL;
