INSERT INTO disturbances (run_case_id, kind, samples) VALUES ($run_case_id, $kind, $samples);
