-- Which master keys the secrets are encrypted with, by their IDs. Before the first rotation none is named.
ALTER TABLE store ADD COLUMN master_key TEXT;                       -- what is stored from now on
ALTER TABLE store ADD COLUMN old_master_key TEXT;                   -- during a rotation: what is not yet encrypted anew
