INSERT INTO verdicts (
	comparison_id, position, case_name, benchmark, base_label, head_label, base_case, head_case,
	base_metric, head_metric, metric_id, critical, method, n, base_n, head_n, base_median, head_median,
	ratio, ratio_low, ratio_high, difference, difference_low, difference_high, confidence, superiority,
	mde, p_value, p_adjusted, verdict, below_margin, missing_pairs, reason, sentence)
VALUES (
	$comparison_id, $position, $case_name, $benchmark, $base_label, $head_label, $base_case, $head_case,
	$base_metric, $head_metric, $metric_id, $critical, $method, $n, $base_n, $head_n, $base_median,
	$head_median, $ratio, $ratio_low, $ratio_high, $difference, $difference_low, $difference_high,
	$confidence, $superiority, $mde, $p_value, $p_adjusted, $verdict, $below_margin, $missing_pairs,
	$reason, $sentence);
