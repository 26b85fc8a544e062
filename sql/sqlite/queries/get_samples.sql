SELECT
	run_cases.position AS case_position, metrics.name, metrics.unit, metrics.better, metrics.exact,
	metrics.gated, metrics.margin, samples."values",
	samples.provider, samples.event, samples.scope, samples.quality, samples.used,
	samples.thin, samples.invalid, samples.coverage_sum, samples.coverage_min
FROM run_cases
JOIN samples ON samples.run_case_id = run_cases.id
JOIN metrics ON metrics.id = samples.metric_id
WHERE run_cases.run_id = $run_id
ORDER BY run_cases.position, samples.position;
