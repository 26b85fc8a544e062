#!/usr/bin/env python3
"""kill -9 of tare at 50 moments and --resume: no finished invocation is lost or there twice.

usage: kill_resume.py TARE APPEND-LINE

Both programs of the suite write a line as their last act, so the lines count what came to its end; one
is run one by one, because its output is read, and the other in batches. After each kill the run is
resumed and stopped by SIGTERM, which closes the journal; then lines and journal are compared. Only what
was in flight may have left a line and no sample: one invocation for each signal.
"""

import os
import random
import signal
import sys
import time

import process
from process import expect

KILLS = 50
SEED = 20260101
INVOCATIONS = 1500
DEADLINE_S = 100
SUITE = """
suite: killed
defaults: {{warmup: 3, invocations: {count}}}
benchmarks:
- name: batched
  command: [{append}, batched.log]
- name: single
  command: [{append}, single.log]
  stdout: capture
"""
CASES = ["batched", "single"]


def line_count(sandbox, case):
    path = sandbox.file(f"{case}.log")
    return os.path.getsize(path) // 2 if os.path.exists(path) else 0


def check_journal(lines):
    """No number and no place in the order comes twice."""
    seqs = [line["seq"] for line in lines if line["type"] in ("sample", "failure")]
    expect(seqs == list(range(1, len(seqs) + 1)), f"sequence numbers are not 1..{len(seqs)}")
    for case in range(len(CASES)):
        places = [(line["pair"], line.get("warmup", False)) for line in process.samples_of(lines, case)]
        expect(len(set(places)) == len(places), f"a pair of {CASES[case]} is there twice")
        counted = sorted(pair for pair, warmup in places if not warmup)
        expect(counted == list(range(len(counted))), f"a pair of {CASES[case]} was left out")


def journalled(lines, case):
    return len(process.samples_of(lines, case))


class Run:
    """One run of the suite, killed and resumed until it is complete."""

    def __init__(self, sandbox, rng):
        self.sandbox = sandbox
        self.rng = rng
        self.journal = sandbox.file("run.ndjson")
        self.missing = {case: 0 for case in CASES}
        self.signals = 0  # since lines and journal were compared

    def arguments(self):
        if os.path.exists(self.journal) and os.path.getsize(self.journal) > 0:
            return ["run", "--resume", self.journal, "--no-store", "--quiet"]
        if os.path.exists(self.journal):
            os.unlink(self.journal)
        return ["run", "killed.yaml", "--journal", self.journal, "--no-store", "--quiet", "--seed", "1"]

    def is_complete(self):
        """The signal may have come between the last line and the end of the process."""
        if not os.path.exists(self.journal):
            return False
        lines = process.read_journal(self.journal)
        return bool(lines) and lines[-1]["type"] == "end" and lines[-1]["status"] == "complete"

    def stop(self, number, after_s):
        """Starts or resumes the run and sends a signal; how it ended."""
        if self.is_complete():
            return 0
        tare = self.sandbox.start(*self.arguments())
        time.sleep(after_s)
        tare.send_signal(number)
        _, err = tare.communicate(timeout=30)
        # SIGTERM before tare catches it ends it as it ends any program.
        expect(tare.returncode in (0, 130, -number), f"ended with {tare.returncode}: {err}")
        self.sandbox.expect_nothing_left()
        self.signals += 1
        return tare.returncode

    def compare(self):
        """Only after an end that has closed the journal: what the agent had finished is in it then."""
        lines = process.read_journal(self.journal)
        check_journal(lines)
        for index, case in enumerate(CASES):
            missing = line_count(self.sandbox, case) - journalled(lines, index)
            expect(missing >= 0, f"{case}: {-missing} invocations are there that never ended")
            expect(missing <= self.missing[case] + self.signals,
                   f"{case}: {missing - self.missing[case]} finished invocations were lost by {self.signals} signals")
            self.missing[case] = missing
        self.signals = 0

    def kill_once(self):
        """True when the run is complete."""
        # Half of them early, where the journal is begun or the batch of the last kill is taken over.
        late = self.rng.random() < 0.5
        code = self.stop(signal.SIGKILL, self.rng.uniform(0.08, 0.3) if late else self.rng.uniform(0, 0.08))
        if code != 0:
            code = self.stop(signal.SIGTERM, self.rng.uniform(0.08, 0.12))
        if code in (0, 130) and os.path.exists(self.journal):
            self.compare()
        return code == 0


def check_complete(run):
    lines = process.read_journal(run.journal)
    check_journal(lines)
    expect(lines[-1]["type"] == "end" and lines[-1]["status"] == "complete", "the run was not completed")
    for index, case in enumerate(CASES):
        counted = [line for line in process.samples_of(lines, index) if not line.get("warmup")]
        expect(len(counted) == INVOCATIONS, f"{case}: {len(counted)} of {INVOCATIONS} invocations")
    expect(not os.path.exists(run.journal + ".pending"), "the pending file was left behind")


def kills(tare, append):
    rng = random.Random(SEED)
    done = runs = 0
    end = time.monotonic() + DEADLINE_S
    while done < KILLS:
        with process.Sandbox(tare) as sandbox:
            sandbox.write("killed.yaml", SUITE.format(append=append, count=INVOCATIONS))
            run = Run(sandbox, rng)
            complete = False
            while not complete and done < KILLS:
                expect(time.monotonic() < end, f"only {done} kills in {DEADLINE_S} s")
                complete = run.kill_once()
                done += 1
            if not complete and not run.is_complete():
                sandbox.run(*run.arguments(), timeout=60)
            run.compare()
            check_complete(run)
            runs += 1
            print(f"{done} kills, {runs} runs; lines without a sample: {run.missing}", flush=True)


def main():
    tare, append = sys.argv[1:]

    def no_finished_invocation_is_lost_or_repeated(path):
        kills(path, os.path.abspath(append))

    return process.run_tests([no_finished_invocation_is_lost_or_repeated], tare)


if __name__ == "__main__":
    sys.exit(main())
