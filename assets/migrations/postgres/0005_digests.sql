-- Whose secret is this? A digest of each secret finds its key. It is made with a key that comes from the master key: who has
-- the database alone can't try out secrets with it. A server makes those of keys that have none yet, in the background.
-- Apart from the keys, since each would else write an entry in all of their indexes.
CREATE TABLE digests (
    seq bigint PRIMARY KEY REFERENCES keys (seq) ON DELETE CASCADE,
    digest bytea                                -- 16 bytes of HMAC-SHA256; NULL: not made yet
);
INSERT INTO digests (seq) SELECT seq FROM keys;
CREATE UNIQUE INDEX digests_by_digest ON digests (digest);
CREATE INDEX digests_to_make ON digests (seq) WHERE digest IS NULL;
-- A server from before that still runs stores keys without one.
CREATE FUNCTION note_digests() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO digests (seq) SELECT seq FROM new_keys;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_to_digest AFTER INSERT ON keys REFERENCING NEW TABLE AS new_keys
    FOR EACH STATEMENT EXECUTE FUNCTION note_digests();
