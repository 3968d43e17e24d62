-- How a hand-over ended that nobody received: the address of the last wrong attempt, and when an administrator acknowledged it.
ALTER TABLE handovers ADD COLUMN ended_from text COLLATE "C";    -- from where the last wrong code or PIN came
ALTER TABLE handovers ADD COLUMN acknowledged_at bigint;         -- of one that nobody has opened before its end
