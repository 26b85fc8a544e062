DELETE FROM suites
WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.suite_id = suites.id)
	AND NOT EXISTS (SELECT 1 FROM cases WHERE cases.suite_id = suites.id);
