-- What else there is to know of a key. The search index needs no update: keys from before have an empty note.
ALTER TABLE keys ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN note_fold TEXT NOT NULL DEFAULT '';     -- as it is sorted and searched
CREATE INDEX keys_by_note ON keys (note_fold);
CREATE INDEX keys_by_state_note ON keys (state, note_fold);
