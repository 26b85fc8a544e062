SELECT key, base, head, matters
FROM environment_differences
WHERE comparison_id = $comparison_id
ORDER BY position;
