INSERT INTO case_parameters (case_id, position, name, value)
VALUES ($case_id, $position, $name, $value);
