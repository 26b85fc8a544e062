INSERT INTO missing_cases (comparison_id, position, name, in_base)
VALUES ($comparison_id, $position, $name, $in_base);
