INSERT INTO run_case_tags (run_case_id, position, tag) VALUES ($run_case_id, $position, $tag);
