-- Uses and refusals of keys by the hour: at most eleven rows for a key and an hour, however many addresses there are.
CREATE TABLE usage (
    key_id TEXT NOT NULL,
    hour INTEGER NOT NULL,                      -- since 1970-01-01 UTC
    source TEXT NOT NULL,                       -- an address; '' for those that are not counted by themselves
    uses INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    used_at INTEGER,                            -- the last one of the hour
    refused_at INTEGER,
    PRIMARY KEY (key_id, hour, source)
) WITHOUT ROWID;
CREATE INDEX usage_by_hour ON usage (hour);

-- Access tokens that were issued, by the minute, for as long as they live.
CREATE TABLE issued (
    key_id TEXT NOT NULL,
    generation INTEGER NOT NULL,                -- of the key, at that time
    minute INTEGER NOT NULL,                    -- since 1970-01-01 UTC
    tokens INTEGER NOT NULL,
    at INTEGER NOT NULL,                        -- when the last one was
    PRIMARY KEY (key_id, generation, minute)
) WITHOUT ROWID;
CREATE INDEX issued_by_minute ON issued (minute);

-- What is known of the time before: that it was used in an hour, and how often it was refused.
INSERT INTO usage (key_id, hour, source, uses, refusals, used_at, refused_at)
SELECT key_id, at / 3600000, ifnull(source, ''), sum(kind = 'used'), sum(CASE kind WHEN 'refused' THEN count ELSE 0 END),
       max(CASE kind WHEN 'used' THEN at END), max(CASE kind WHEN 'refused' THEN at END)
FROM events
WHERE kind IN ('used', 'refused') AND at > (unixepoch() - 90 * 86400) * 1000
GROUP BY 1, 2, 3;
