-- What administrators did: events about others than keys, for which key_id is empty.
ALTER TABLE events ADD COLUMN administrator TEXT;                   -- whom it is about
ALTER TABLE events ADD COLUMN changes TEXT;                         -- JSON: [{"field", "old", "new"}]
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_actor ON events (by) WHERE by IS NOT NULL;
CREATE INDEX events_by_administrator ON events (administrator) WHERE administrator IS NOT NULL;
CREATE INDEX events_kept ON events (kind) WHERE kind NOT IN ('used', 'refused', 'sign_in_refused');
-- What is kept for a time only: the oldest with one name, and the oldest of all.
CREATE INDEX events_refused_sign_ins ON events (administrator) WHERE kind = 'sign_in_refused';
DROP INDEX events_passing;
CREATE INDEX events_passing ON events (at) WHERE kind IN ('used', 'refused', 'sign_in_refused');
