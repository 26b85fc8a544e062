SELECT id FROM suites WHERE name = $name;
