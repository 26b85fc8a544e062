INSERT INTO environment_facts (environment_id, position, key, value, matters)
VALUES ($environment_id, $position, $key, $value, $matters);
