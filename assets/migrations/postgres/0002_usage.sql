-- IF NOT EXISTS: for some days these tables were made by the first step.

-- Uses and refusals of keys by the hour: a few rows for a key and an hour, however many addresses there are.
CREATE TABLE IF NOT EXISTS usage (
    key_id text COLLATE "C" NOT NULL,
    hour bigint NOT NULL,                       -- since 1970-01-01 UTC
    source text COLLATE "C" NOT NULL,           -- an address; '' for those that are not counted by themselves
    uses bigint NOT NULL,
    refusals bigint NOT NULL,
    used_at bigint,                             -- the last one of the hour
    refused_at bigint,
    PRIMARY KEY (key_id, hour, source)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS usage_by_hour ON usage (hour);

-- Access tokens that were issued, by the minute, for as long as they live.
CREATE TABLE IF NOT EXISTS issued (
    key_id text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,                 -- of the key, at that time
    minute bigint NOT NULL,                     -- since 1970-01-01 UTC
    tokens bigint NOT NULL,
    at bigint NOT NULL,                         -- when the last one was
    PRIMARY KEY (key_id, generation, minute)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS issued_by_minute ON issued (minute);
