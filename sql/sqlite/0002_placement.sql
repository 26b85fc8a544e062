-- What was asked for CPUs, memory and threads of a case, and what it came to, for people.
ALTER TABLE run_cases ADD COLUMN placement TEXT NOT NULL DEFAULT '';
