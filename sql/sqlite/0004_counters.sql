-- Where the values of a counter come from, and how counting went (harness/model/counter.h). The texts
-- are NULL for a metric that is not counted, and in runs that were stored before there were these.
ALTER TABLE samples ADD COLUMN provider TEXT;
ALTER TABLE samples ADD COLUMN event TEXT;
ALTER TABLE samples ADD COLUMN scope TEXT;
ALTER TABLE samples ADD COLUMN quality TEXT; -- counted, accounted, simulated or derived
ALTER TABLE samples ADD COLUMN used INTEGER NOT NULL DEFAULT 0; -- values that were used
ALTER TABLE samples ADD COLUMN thin INTEGER NOT NULL DEFAULT 0; -- counted for too short a time
ALTER TABLE samples ADD COLUMN invalid INTEGER NOT NULL DEFAULT 0; -- they cannot be right
ALTER TABLE samples ADD COLUMN coverage_sum REAL NOT NULL DEFAULT 0; -- over those used
ALTER TABLE samples ADD COLUMN coverage_min REAL NOT NULL DEFAULT 1;
