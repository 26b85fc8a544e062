SELECT id FROM environments WHERE digest = $digest;
