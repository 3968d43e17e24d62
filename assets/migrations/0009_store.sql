-- Which store this is, and how far its main file is known to have come: both tell an older copy in its place. See
-- main_file.rs.
CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    base INTEGER NOT NULL DEFAULT 0             -- the number of the last event in the main file, at the least
) STRICT;
INSERT INTO store (one, id) VALUES (1, lower(hex(randomblob(16))));
