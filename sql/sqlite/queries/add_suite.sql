INSERT INTO suites (name) VALUES ($name) ON CONFLICT (name) DO NOTHING;
