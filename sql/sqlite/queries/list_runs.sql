SELECT
	runs.run, suites.name AS suite, releases.name AS release, runs.environment_name,
	environments.fingerprint, runs.started_unix_ns, runs.duration_ns, runs.status, runs.case_count,
	runs.failed_count, runs.invocation_count
FROM runs
JOIN suites ON suites.id = runs.suite_id
JOIN environments ON environments.id = runs.environment_id
LEFT JOIN releases ON releases.id = runs.release_id
WHERE ($suite IS NULL OR suites.name = $suite) AND ($release IS NULL OR releases.name = $release)
ORDER BY runs.started_unix_ns DESC, runs.run DESC
LIMIT $limit;
