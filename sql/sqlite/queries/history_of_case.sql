-- Newest first, so that the limit keeps the newest; the caller turns them round.
SELECT
	runs.run, releases.name AS release, environments.fingerprint, runs.started_unix_ns,
	cases.name AS case_name, metrics.name, metrics.unit, metrics.better, metrics.exact, metrics.gated,
	metrics.margin, samples.n, samples.median, samples.low, samples.high
FROM cases
JOIN run_cases ON run_cases.case_id = cases.id
JOIN samples ON samples.run_case_id = run_cases.id
JOIN metrics ON metrics.id = samples.metric_id
JOIN runs ON runs.id = run_cases.run_id
JOIN suites ON suites.id = runs.suite_id
JOIN environments ON environments.id = runs.environment_id
LEFT JOIN releases ON releases.id = runs.release_id
WHERE cases.name = $case_name AND ($metric IS NULL OR metrics.name = $metric)
	AND ($suite IS NULL OR suites.name = $suite) AND ($release IS NULL OR releases.name = $release)
ORDER BY
	runs.started_unix_ns DESC, runs.run DESC, run_cases.position DESC, samples.position DESC
LIMIT $limit;
