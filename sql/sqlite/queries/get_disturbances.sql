SELECT run_cases.position AS case_position, disturbances.kind, disturbances.samples
FROM run_cases
JOIN disturbances ON disturbances.run_case_id = run_cases.id
WHERE run_cases.run_id = $run_id
ORDER BY run_cases.position, disturbances.kind;
