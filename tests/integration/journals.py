#!/usr/bin/env python3
"""Journals as files: one behind the other, cut off, damaged.

usage: journals.py TARE
"""

import random
import sys

import process
from process import Sandbox, expect

SEED = 20260102
CUTS = 60
SUITE = """
suite: cut
defaults: {invocations: 12}
variants: [a, b]
benchmarks:
- name: one
  replay: {wall: {distribution: normal, center: 10ms, spread: 1%}}
- name: two
  replay: {wall: [10ms, 11ms, 12ms, 10ms, 11ms, 12ms, 10ms, 11ms, 12ms, 10ms, 11ms, 12ms]}
"""


def record(sandbox, name, seed):
    sandbox.write("cut.yaml", SUITE)
    sandbox.run("run", "cut.yaml", "--seed", str(seed), "--quiet", "--no-store", "--journal", name)
    with open(sandbox.file(name), "rb") as file:
        return file.read()


def put(sandbox, name, data):
    with open(sandbox.file(name), "wb") as file:
        file.write(data)


def concatenated_journals_are_both_imported(tare):
    with Sandbox(tare) as sandbox:
        put(sandbox, "both.ndjson", record(sandbox, "a.ndjson", 1) + record(sandbox, "b.ndjson", 2))
        out, _ = sandbox.run("store", "import", "both.ndjson")
        expect(out.count(": added") == 2, out)
        out, _ = sandbox.run("store", "import", "b.ndjson", "both.ndjson", "a.ndjson")
        expect(out.count("was there already") == 4, out)
        out, _ = sandbox.run("list", "runs")
        expect(len(out.splitlines()) == 3, out)
        both, _ = sandbox.run("show", "latest")
        single, _ = sandbox.run("show", "b.ndjson")
        expect(both == single, "the second run of the journal is not what it was")


def a_cut_in_the_middle_of_two_is_no_end(tare):
    """The first of two runs was killed in the middle of a line, and the second written behind it."""
    with Sandbox(tare) as sandbox:
        whole = record(sandbox, "a.ndjson", 1)
        put(sandbox, "both.ndjson", whole[: len(whole) - 700] + b"\n" + record(sandbox, "b.ndjson", 2))
        _, err = sandbox.run("store", "import", "both.ndjson", exit_code=3)
        expect("both.ndjson:" in err, err)


def cut_journals_are_read_and_resumed(tare):
    """Cut anywhere after the header, a journal is shown with a warning and can be gone on with."""
    rng = random.Random(SEED)
    with Sandbox(tare) as sandbox:
        whole = record(sandbox, "whole.ndjson", 1)
        header = whole.index(b"\n") + 1
        end = whole.rindex(b"\n", 0, len(whole) - 1) + 1
        reference, _ = sandbox.run("show", "whole.ndjson")
        cuts = {0, 1, header - 1, header, header + 1, end - 1, end, end + 1, len(whole) - 1}
        cuts |= {rng.randrange(header, end) for _ in range(CUTS)}
        for cut in sorted(cuts):
            put(sandbox, "cut.ndjson", whole[:cut])
            if cut < header:
                _, err = sandbox.run("show", "cut.ndjson", exit_code=3)
                expect("cut off" in err, f"cut at {cut}: {err}")
                continue
            sandbox.run("show", "cut.ndjson")
            sandbox.run("run", "--resume", "cut.ndjson", "--quiet", "--no-store")
            resumed, _ = sandbox.run("show", "cut.ndjson")
            lines = process.read_journal(sandbox.file("cut.ndjson"))
            seqs = [line["seq"] for line in lines if line["type"] == "sample"]
            expect(seqs == list(range(1, 49)), f"cut at {cut}: {seqs}")
            # The figures are those of the run that was never cut; the time it took is not.
            expect(figures(resumed) == figures(reference), f"cut at {cut}:\n{resumed}\n{reference}")


def figures(text):
    """The lines of a summary with the measured values."""
    return [line for line in text.splitlines() if line.startswith(("one@", "two@"))]


def damage_is_named_with_its_line(tare):
    with Sandbox(tare) as sandbox:
        whole = record(sandbox, "whole.ndjson", 1)
        lines = whole.splitlines(keepends=True)
        for at, line in [(0, b"{}\n"), (4, b"nonsense\n"), (5, b'{"type":"sample"}\n'), (6, b"\0\0\0\n")]:
            put(sandbox, "damaged.ndjson", b"".join(lines[:at] + [line] + lines[at + 1:]))
            _, err = sandbox.run("show", "damaged.ndjson", exit_code=3)
            expect(f"damaged.ndjson:{at + 1}:" in err, f"line {at + 1}: {err}")


def random_damage_never_crashes(tare):
    rng = random.Random(SEED)
    with Sandbox(tare) as sandbox:
        whole = bytearray(record(sandbox, "whole.ndjson", 1))
        for _ in range(CUTS):
            damaged = bytearray(whole)
            for _ in range(rng.randint(1, 8)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            put(sandbox, "damaged.ndjson", damaged)
            tare_process = sandbox.start("show", "damaged.ndjson")
            tare_process.communicate(timeout=20)
            expect(tare_process.returncode in (0, 3), f"ended with {tare_process.returncode}")


def a_journal_in_use_is_not_resumed(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("long.yaml", "suite: long\nbenchmarks:\n- name: long\n  command: sleep 30\n")
        running = sandbox.start("run", "long.yaml", "--journal", "run.ndjson", "--no-store")
        sandbox.wait_for("run.ndjson")
        _, err = sandbox.run("run", "--resume", "run.ndjson", "--no-store", exit_code=3)
        expect("run.ndjson" in err, err)
        running.terminate()
        running.communicate(timeout=10)


def a_resumed_suite_must_be_the_same(tare):
    with Sandbox(tare) as sandbox:
        whole = record(sandbox, "whole.ndjson", 1)
        put(sandbox, "cut.ndjson", whole[:-700])
        sandbox.write("cut.yaml", SUITE.replace("10ms", "12ms"))
        _, err = sandbox.run("run", "--resume", "cut.ndjson", exit_code=3)
        expect("has changed" in err, err)


def main():
    return process.run_tests([
        concatenated_journals_are_both_imported,
        a_cut_in_the_middle_of_two_is_no_end,
        cut_journals_are_read_and_resumed,
        damage_is_named_with_its_line,
        random_damage_never_crashes,
        a_journal_in_use_is_not_resumed,
        a_resumed_suite_must_be_the_same,
    ], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
