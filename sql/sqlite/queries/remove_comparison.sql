DELETE FROM comparisons WHERE run_id = $run_id AND base_label = $base_label;
