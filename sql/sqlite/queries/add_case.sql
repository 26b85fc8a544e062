INSERT INTO cases (digest, suite_id, name, benchmark, variant)
VALUES ($digest, $suite_id, $name, $benchmark, $variant);
