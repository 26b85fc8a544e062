SELECT name, in_base FROM missing_cases WHERE comparison_id = $comparison_id ORDER BY position;
