SELECT id
FROM metrics
WHERE name = $name AND unit = $unit AND better = $better AND exact = $exact AND gated = $gated
	AND margin = $margin;
