DELETE FROM releases WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.release_id = releases.id);
