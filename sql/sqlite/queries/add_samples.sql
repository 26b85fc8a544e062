INSERT INTO samples (run_case_id, position, metric_id, n, median, low, high, "values")
VALUES ($run_case_id, $position, $metric_id, $n, $median, $low, $high, $values);
