INSERT INTO runs (
	run, suite_id, release_id, environment_id, environment_name, suite_file, suite_digest,
	description, command_line, version, seed, started_unix_ns, duration_ns, status, gate_asked,
	gate_fail_on, case_count, failed_count, warning_count, invocation_count, last_seq)
VALUES (
	$run, $suite_id, $release_id, $environment_id, $environment_name, $suite_file, $suite_digest,
	$description, $command_line, $version, $seed, $started_unix_ns, $duration_ns, $status, $gate_asked,
	$gate_fail_on, $case_count, $failed_count, $warning_count, $invocation_count, $last_seq);
