DELETE FROM environments
WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.environment_id = environments.id);
