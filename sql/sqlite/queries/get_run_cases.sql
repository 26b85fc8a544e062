SELECT
	cases.name, cases.benchmark, cases.variant, run_cases.case_group, run_cases.command,
	run_cases.runner, run_cases.cpus, run_cases.placement, run_cases.critical, run_cases.status, run_cases.failure,
	run_cases.stderr_tail, run_cases.stop_reason, run_cases.warmup_count, run_cases.sample_total,
	run_cases.stride, run_cases.pairs, run_cases.start_ns, run_cases.labels,
	run_cases.disturbed, run_cases.khz_low, run_cases.khz_high
FROM run_cases
JOIN cases ON cases.id = run_cases.case_id
WHERE run_cases.run_id = $run_id
ORDER BY run_cases.position;
