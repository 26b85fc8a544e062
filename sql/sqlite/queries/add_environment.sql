INSERT INTO environments (digest, fingerprint) VALUES ($digest, $fingerprint);
