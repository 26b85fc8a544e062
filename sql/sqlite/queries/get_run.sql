SELECT
	runs.id, runs.run, suites.name AS suite, releases.name AS release,
	runs.environment_id, environments.fingerprint, runs.environment_name,
	runs.suite_file, runs.suite_digest, runs.description, runs.command_line, runs.version, runs.seed,
	runs.started_unix_ns, runs.duration_ns, runs.status, runs.gate_asked, runs.gate_fail_on,
	runs.invocation_count, runs.last_seq
FROM runs
JOIN suites ON suites.id = runs.suite_id
JOIN environments ON environments.id = runs.environment_id
LEFT JOIN releases ON releases.id = runs.release_id
WHERE runs.run = $run;
