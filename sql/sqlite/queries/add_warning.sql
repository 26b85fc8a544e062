INSERT INTO warnings (run_id, position, warning, text, advice)
VALUES ($run_id, $position, $warning, $text, $advice);
