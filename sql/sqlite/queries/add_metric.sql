INSERT INTO metrics (name, unit, better, exact, gated, margin)
VALUES ($name, $unit, $better, $exact, $gated, $margin)
ON CONFLICT (name, unit, better, exact, gated, margin) DO NOTHING;
