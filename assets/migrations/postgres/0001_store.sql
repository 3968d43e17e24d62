-- The store of many servers. Tables and columns are those of the SQLite store where nothing is said. Times are
-- milliseconds since 1970-01-01 UTC. Texts compare by their bytes, so that lists have the same order on every engine.
--
-- Functions look for tables in the schema where they are created, whatever search_path the session has that calls them:
-- a change made by hand revokes too.
CREATE TABLE meta (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version int NOT NULL,                       -- how many migrations were made
    sealed bytea,                               -- a known text, encrypted with the master key of all servers
    master_key text,                            -- the ID of that which encrypts; before the first rotation none is named
    old_master_key text,                        -- during a rotation: of that of secrets not yet encrypted anew
    seed uuid NOT NULL DEFAULT gen_random_uuid() -- secret: see `tries`
);
INSERT INTO meta (version) VALUES (0);

CREATE TABLE keys (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    label text NOT NULL DEFAULT '',
    label_fold text COLLATE "C" NOT NULL DEFAULT '',
    owner text NOT NULL DEFAULT '',
    owner_fold text COLLATE "C" NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    note_fold text COLLATE "C" NOT NULL DEFAULT '',
    state bigint NOT NULL,
    switched_off boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    expires_at bigint,
    ends_at bigint GENERATED ALWAYS AS (coalesce(expires_at, 9223372036854775807)) STORED,
    generation bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 1,
    secret bytea NOT NULL,                      -- encrypted with the master key
    grams int[] NOT NULL                        -- what is searched, as hashes of one, two and three characters
);
CREATE INDEX keys_by_label ON keys (label_fold, seq);
CREATE INDEX keys_by_owner ON keys (owner_fold, seq);
CREATE INDEX keys_by_note ON keys (note_fold, seq);
CREATE INDEX keys_by_state ON keys (state, seq);
CREATE INDEX keys_by_state_label ON keys (state, label_fold, seq);
CREATE INDEX keys_by_state_owner ON keys (state, owner_fold, seq);
CREATE INDEX keys_by_state_note ON keys (state, note_fold, seq);
CREATE INDEX keys_by_state_id ON keys (state, id);
CREATE INDEX keys_by_end ON keys (ends_at, seq);
CREATE INDEX keys_by_state_end ON keys (state, ends_at, seq);
CREATE INDEX keys_by_creator ON keys (created_by, seq);
CREATE INDEX keys_by_state_creator ON keys (state, created_by, seq);
CREATE INDEX keys_by_creation ON keys (created_at, seq);
CREATE INDEX keys_to_expire ON keys (expires_at) WHERE state <> 1 AND expires_at IS NOT NULL;
CREATE INDEX keys_expired ON keys (expires_at) WHERE state = 1;
-- Without a pending list, which every search would have to scan and some inserts would have to flush.
CREATE INDEX keys_by_grams ON keys USING gin (grams) WITH (fastupdate = off);

-- The last use of each key. Apart from the keys, since a use would else write an entry in each of their indexes.
CREATE TABLE uses (
    seq bigint PRIMARY KEY REFERENCES keys (seq) ON DELETE CASCADE,
    state bigint NOT NULL,                      -- as of the key, to sort and filter by
    created_at bigint NOT NULL,                 -- as of the key, which never changes
    at bigint NOT NULL DEFAULT 0,               -- 0 is never
    source text
) WITH (fillfactor = 60);
CREATE INDEX uses_by_time ON uses (at, seq);
CREATE INDEX uses_by_state_time ON uses (state, at, seq);
CREATE INDEX uses_never ON uses (created_at, seq) WHERE at = 0;

-- How many keys there are of each state, in parts, so that those who create keys do not wait for one row.
CREATE TABLE counts (
    state bigint NOT NULL,
    part int NOT NULL,
    n bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (state, part)
) WITH (fillfactor = 50);
INSERT INTO counts (state, part) SELECT state, part FROM generate_series(0, 2) state, generate_series(0, 15) part;

CREATE FUNCTION count_keys() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT 1 FROM new_keys n JOIN old_keys o USING (seq) WHERE n.state <> o.state) THEN
            RETURN NULL;
        END IF;
    END IF;
    -- In one order: two who change several would else wait for each other.
    PERFORM 1 FROM counts WHERE part = pg_backend_pid() % 16 ORDER BY state FOR UPDATE;
    IF TG_OP <> 'DELETE' THEN
        UPDATE counts SET n = counts.n + added.n
        FROM (SELECT state, count(*) AS n FROM new_keys GROUP BY state) added
        WHERE counts.state = added.state AND part = pg_backend_pid() % 16;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE counts SET n = counts.n - gone.n
        FROM (SELECT state, count(*) AS n FROM old_keys GROUP BY state) gone
        WHERE counts.state = gone.state AND part = pg_backend_pid() % 16;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_inserted AFTER INSERT ON keys REFERENCING NEW TABLE AS new_keys
    FOR EACH STATEMENT EXECUTE FUNCTION count_keys();
CREATE TRIGGER keys_deleted AFTER DELETE ON keys REFERENCING OLD TABLE AS old_keys
    FOR EACH STATEMENT EXECUTE FUNCTION count_keys();
CREATE TRIGGER keys_updated AFTER UPDATE ON keys REFERENCING OLD TABLE AS old_keys NEW TABLE AS new_keys
    FOR EACH STATEMENT EXECUTE FUNCTION count_keys();

CREATE FUNCTION follow_state() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE uses SET state = NEW.state WHERE seq = NEW.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_moved AFTER UPDATE OF state ON keys FOR EACH ROW WHEN (OLD.state <> NEW.state)
    EXECUTE FUNCTION follow_state();

-- What ends access tokens before they expire. A transaction that revokes locks the one row of `epoch` until it
-- commits, so that the numbers have no gaps and are in the order of commits: a sequence would give neither. `mark`
-- differs where two histories do, such as after a fail-over that lost commits.
CREATE TABLE epoch (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    n bigint NOT NULL,
    mark bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO epoch (n, mark) VALUES (0, hashtextextended(clock_timestamp()::text, 0));

CREATE TABLE revocations (
    n bigint PRIMARY KEY,
    mark bigint NOT NULL,
    key_id text NOT NULL,                       -- '' for the tokens of all keys: kept for ever; '*' for none: other signing keys
    generation bigint NOT NULL,
    not_after bigint,
    at bigint NOT NULL
);

CREATE FUNCTION revoke_tokens(key text, of_generation bigint, until bigint) RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
    WITH next AS (
        UPDATE epoch SET n = n + 1, mark = hashtextextended(key || clock_timestamp()::text || random()::text, mark)
        RETURNING n, mark
    )
    INSERT INTO revocations
    SELECT n, mark, key, of_generation, until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM next;
$$;

-- The keys that access tokens are signed with, the newest last: for an hour after a rotation the one before is there
-- too. The first is a half of the master key.
CREATE TABLE signing_keys (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,                    -- in each token ("kid"); '' in none
    encrypted bytea,                            -- with the master key; NULL for a half of that key
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO signing_keys (id, at) VALUES ('', 'epoch');

-- Every token that was issued so far: those from now on have a higher generation, also at the same time and with a clock
-- that was set back. One after the other.
CREATE FUNCTION revoke_all_tokens(at_ms bigint) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM n FROM epoch FOR UPDATE;
    PERFORM revoke_tokens('', greatest(coalesce(max(generation), 0) + 1, at_ms), NULL)
        FROM revocations WHERE key_id = '';
END $$;

-- A key that is switched off by hand starts a new generation too.
CREATE FUNCTION start_generation() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.generation := NEW.generation + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER keys_switched_off BEFORE UPDATE OF switched_off ON keys FOR EACH ROW
    WHEN (NEW.switched_off AND NOT OLD.switched_off AND NEW.generation = OLD.generation)
    EXECUTE FUNCTION start_generation();

CREATE FUNCTION revoke_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM revoke_tokens(NEW.id, NEW.generation, NEW.expires_at);
    RETURN NULL;
END $$;
CREATE TRIGGER keys_revoked AFTER UPDATE ON keys FOR EACH ROW
    WHEN (OLD.generation <> NEW.generation OR OLD.expires_at IS DISTINCT FROM NEW.expires_at)
    EXECUTE FUNCTION revoke_changed();

CREATE FUNCTION revoke_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM revoke_tokens(OLD.id, 9223372036854775807, NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER keys_revoked_for_good AFTER DELETE ON keys FOR EACH ROW EXECUTE FUNCTION revoke_deleted();

CREATE FUNCTION revoke_truncated() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM revoke_all_tokens((extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    UPDATE counts SET n = 0;
    RETURN NULL;
END $$;
CREATE TRIGGER keys_truncated BEFORE TRUNCATE ON keys FOR EACH STATEMENT EXECUTE FUNCTION revoke_truncated();

-- The servers that run, each with the newest revocation that it obeys.
CREATE TABLE servers (
    id text PRIMARY KEY,                        -- random, new at each start
    name text NOT NULL,
    version text NOT NULL,
    lease_ms bigint NOT NULL,                   -- how long it verifies without having heard from the database
    obeys bigint NOT NULL,                      -- a number of `revocations`
    mark bigint NOT NULL,                       -- and its mark, since a history that was lost had the number too
    beat bigint NOT NULL,                       -- another number at each word from it
    seen_at timestamptz NOT NULL,               -- when that was: for people alone, since clocks step
    master_keys text[] NOT NULL DEFAULT '{}'    -- the IDs of those that it has
) WITH (fillfactor = 10);

CREATE TABLE events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id text COLLATE "C" NOT NULL,           -- '' for events about others than keys
    administrator text COLLATE "C",
    at bigint NOT NULL,
    kind text NOT NULL,
    by text,
    source text,
    detail text,
    changes text,                               -- JSON: [{"field", "old", "new"}]
    count bigint NOT NULL DEFAULT 1,
    slot text COLLATE "C"
);
CREATE INDEX events_by_key ON events (key_id, seq);
CREATE UNIQUE INDEX events_by_slot ON events (key_id, slot) WHERE slot IS NOT NULL;
CREATE INDEX events_refused ON events (key_id, seq) WHERE kind = 'refused';
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_actor ON events (by, seq) WHERE by IS NOT NULL;
CREATE INDEX events_by_administrator ON events (administrator, seq) WHERE administrator IS NOT NULL;
CREATE INDEX events_kept ON events (kind, seq) WHERE kind NOT IN ('used', 'refused', 'sign_in_refused');
CREATE INDEX events_refused_sign_ins ON events (administrator, seq) WHERE kind = 'sign_in_refused';
CREATE INDEX events_passing ON events (at) WHERE kind IN ('used', 'refused', 'sign_in_refused');

CREATE TABLE creates (
    username text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint bytea NOT NULL,
    key_id text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (username, idempotency_key)
);
CREATE INDEX creates_by_age ON creates (at);

CREATE TABLE administrators (
    username text COLLATE "C" PRIMARY KEY,
    role text NOT NULL,
    password text NOT NULL,
    created_at bigint NOT NULL,
    last_sign_in_at bigint
);

CREATE TABLE sessions (
    digest bytea PRIMARY KEY,
    username text COLLATE "C" NOT NULL REFERENCES administrators (username) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    source text NOT NULL
);
CREATE INDEX sessions_by_username ON sessions (username);
CREATE INDEX sessions_by_age ON sessions (created_at);

CREATE TABLE familiar (
    username text COLLATE "C" NOT NULL REFERENCES administrators (username) ON DELETE CASCADE,
    network text NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (username, network)
);

-- How often sign-ins were tried, by what they have in common (see throttle.rs), as one of 65,536 shares by a hash with a
-- secret seed: bounded whatever is sent. Lost in a crash of the database, which costs nothing but a few more tries.
CREATE UNLOGGED TABLE tries (
    kind text COLLATE "C" NOT NULL,
    share int NOT NULL,
    until double precision NOT NULL,            -- when all tries are forgotten, in seconds since 1970-01-01 UTC
    admitted boolean NOT NULL,                  -- whether the last one was
    PRIMARY KEY (kind, share)
) WITH (fillfactor = 50);
