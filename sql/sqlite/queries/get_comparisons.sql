SELECT
	id, base_label, head_label, across_runs, geomean, geomean_low, geomean_high, geomean_count
FROM comparisons
WHERE run_id = $run_id
ORDER BY base_label;
