INSERT INTO samples (
	run_case_id, position, metric_id, n, median, low, high, "values",
	provider, event, scope, quality, used, thin, invalid, coverage_sum, coverage_min)
VALUES (
	$run_case_id, $position, $metric_id, $n, $median, $low, $high, $values,
	$provider, $event, $scope, $quality, $used, $thin, $invalid, $coverage_sum, $coverage_min);
