INSERT INTO comparisons (
	run_id, base_label, head_label, across_runs, geomean, geomean_low, geomean_high, geomean_count)
VALUES (
	$run_id, $base_label, $head_label, $across_runs, $geomean, $geomean_low, $geomean_high,
	$geomean_count);
