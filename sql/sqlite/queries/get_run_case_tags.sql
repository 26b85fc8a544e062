SELECT run_cases.position AS case_position, run_case_tags.tag
FROM run_cases
JOIN run_case_tags ON run_case_tags.run_case_id = run_cases.id
WHERE run_cases.run_id = $run_id
ORDER BY run_cases.position, run_case_tags.position;
