SELECT key, value, matters
FROM environment_facts
WHERE environment_id = $environment_id
ORDER BY position;
