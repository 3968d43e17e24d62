-- Who answers for a key. The search index needs no update: keys from before have an empty owner.
ALTER TABLE keys ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN owner_fold TEXT NOT NULL DEFAULT '';    -- as it is sorted and searched
CREATE INDEX keys_by_owner ON keys (owner_fold);
CREATE INDEX keys_by_state_owner ON keys (state, owner_fold);
