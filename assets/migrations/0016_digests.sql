-- Whose secret is this? A digest of each secret finds its key. It is made with a key that comes from the master key: who has
-- the database alone can't try out secrets with it. A server makes those of keys that have none yet, in the background.
CREATE TABLE digests (
    seq INTEGER PRIMARY KEY REFERENCES keys (seq) ON DELETE CASCADE,
    digest BLOB                                 -- 16 bytes of HMAC-SHA256; NULL: not made yet
) STRICT;
INSERT INTO digests (seq) SELECT seq FROM keys;
CREATE UNIQUE INDEX digests_by_digest ON digests (digest) WHERE digest IS NOT NULL;
CREATE INDEX digests_to_make ON digests (seq) WHERE digest IS NULL;
-- A program from before that still runs stores keys without one.
CREATE TRIGGER keys_to_digest AFTER INSERT ON keys BEGIN
    INSERT INTO digests (seq) VALUES (new.seq);
END;
