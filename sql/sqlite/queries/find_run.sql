SELECT id, status, failed_count, warning_count, invocation_count FROM runs WHERE run = $run;
