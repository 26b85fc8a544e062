SELECT
	run_cases.position AS case_position, looks.phase, looks.pairs, looks.pairs_planned, looks.metric,
	looks.compared, looks.logs, looks.estimate, looks.low, looks.high, looks.p_value,
	looks.alpha_spent, looks.boundary, looks.verdict, looks.decision
FROM run_cases
JOIN looks ON looks.run_case_id = run_cases.id
WHERE run_cases.run_id = $run_id
ORDER BY run_cases.position, looks.position;
