-- What disturbed the samples of a case: packed like pairs, one per row, the bits of enum
-- tare_disturbance (harness/model/noise.h); NULL where nothing did.
ALTER TABLE run_cases ADD COLUMN labels BLOB;
