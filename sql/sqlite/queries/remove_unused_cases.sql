DELETE FROM cases
WHERE NOT EXISTS (SELECT 1 FROM run_cases WHERE run_cases.case_id = cases.id);
