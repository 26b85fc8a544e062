INSERT INTO releases (name) VALUES ($name) ON CONFLICT (name) DO NOTHING;
