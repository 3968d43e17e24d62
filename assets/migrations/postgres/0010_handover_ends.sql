-- How hand-overs end that nobody has received: who used up the tries, and when an administrator has read of it.
ALTER TABLE handovers ADD COLUMN ended_from text COLLATE "C";    -- from where the last wrong code or PIN came
ALTER TABLE handovers ADD COLUMN acknowledged_at bigint;         -- of one that nobody has opened before its end
