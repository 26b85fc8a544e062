INSERT INTO run_cases (
	run_id, position, case_id, case_group, command, runner, cpus, placement, critical, status, failure,
	stderr_tail, stop_reason, warmup_count, sample_count, sample_total, stride, pairs, start_ns,
	labels, disturbed, khz_low, khz_high)
VALUES (
	$run_id, $position, $case_id, $case_group, $command, $runner, $cpus, $placement, $critical, $status, $failure,
	$stderr_tail, $stop_reason, $warmup_count, $sample_count, $sample_total, $stride, $pairs, $start_ns,
	$labels, $disturbed, $khz_low, $khz_high);
