SELECT id FROM cases WHERE digest = $digest;
