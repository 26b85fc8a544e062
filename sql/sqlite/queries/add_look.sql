INSERT INTO looks (
	run_case_id, position, phase, pairs, pairs_planned, metric, compared, logs, estimate, low, high,
	p_value, alpha_spent, boundary, verdict, decision)
VALUES (
	$run_case_id, $position, $phase, $pairs, $pairs_planned, $metric, $compared, $logs, $estimate,
	$low, $high, $p_value, $alpha_spent, $boundary, $verdict, $decision);
