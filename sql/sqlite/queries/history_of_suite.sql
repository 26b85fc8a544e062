-- As history_of_case, over all cases.
SELECT
	runs.run, releases.name AS release, environments.fingerprint, runs.started_unix_ns,
	cases.name AS case_name, metrics.name, metrics.unit, metrics.better, metrics.exact, metrics.gated,
	metrics.margin, samples.n, samples.median, samples.low, samples.high
FROM runs
JOIN suites ON suites.id = runs.suite_id
JOIN environments ON environments.id = runs.environment_id
JOIN run_cases ON run_cases.run_id = runs.id
JOIN cases ON cases.id = run_cases.case_id
JOIN samples ON samples.run_case_id = run_cases.id
JOIN metrics ON metrics.id = samples.metric_id
LEFT JOIN releases ON releases.id = runs.release_id
WHERE ($metric IS NULL OR metrics.name = $metric)
	AND ($suite IS NULL OR suites.name = $suite) AND ($release IS NULL OR releases.name = $release)
ORDER BY
	runs.started_unix_ns DESC, runs.run DESC, run_cases.position DESC, samples.position DESC
LIMIT $limit;
