SELECT run_cases.position AS case_position, case_parameters.name, case_parameters.value
FROM run_cases
JOIN case_parameters ON case_parameters.case_id = run_cases.case_id
WHERE run_cases.run_id = $run_id
ORDER BY run_cases.position, case_parameters.position;
