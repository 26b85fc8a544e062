INSERT INTO environment_differences (comparison_id, position, key, base, head, matters)
VALUES ($comparison_id, $position, $key, $base, $head, $matters);
