SELECT warning, text, advice FROM warnings WHERE run_id = $run_id ORDER BY position;
