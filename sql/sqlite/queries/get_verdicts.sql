SELECT
	verdicts.case_name, verdicts.benchmark, verdicts.base_label, verdicts.head_label,
	verdicts.base_case, verdicts.head_case, verdicts.base_metric, verdicts.head_metric, metrics.name,
	metrics.unit, metrics.better, metrics.exact, metrics.gated, metrics.margin, verdicts.critical,
	verdicts.method, verdicts.n, verdicts.base_n, verdicts.head_n, verdicts.base_median,
	verdicts.head_median, verdicts.ratio, verdicts.ratio_low, verdicts.ratio_high,
	verdicts.difference, verdicts.difference_low, verdicts.difference_high, verdicts.confidence,
	verdicts.superiority, verdicts.mde, verdicts.p_value, verdicts.p_adjusted, verdicts.verdict,
	verdicts.below_margin, verdicts.missing_pairs, verdicts.reason, verdicts.sentence
FROM verdicts
JOIN metrics ON metrics.id = verdicts.metric_id
WHERE verdicts.comparison_id = $comparison_id
ORDER BY verdicts.position;
