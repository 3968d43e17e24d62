-- Refusals are counted: one row for a key, a minute, a network and a reason.
ALTER TABLE events ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN slot TEXT;                            -- minute, network and reason; of refusals alone
CREATE UNIQUE INDEX events_by_slot ON events (key_id, slot) WHERE slot IS NOT NULL;
-- What is kept for a time only: the oldest of a key, and the oldest of all.
CREATE INDEX events_refused ON events (key_id) WHERE kind = 'refused';
CREATE INDEX events_passing ON events (at) WHERE kind IN ('used', 'refused');
