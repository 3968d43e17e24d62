-- The keys that were refused, by the last time: lists ask for those of some days.
CREATE INDEX uses_refused ON uses (refused_at) WHERE refused_at IS NOT NULL;
