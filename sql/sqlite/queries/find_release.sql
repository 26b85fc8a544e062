SELECT id FROM releases WHERE name = $name;
