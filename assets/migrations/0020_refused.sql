-- The keys that were refused, by the last time: lists ask for those of some days.
CREATE INDEX keys_refused ON keys (refused_at) WHERE refused_at IS NOT NULL;
