#!/usr/bin/env python3
"""SIGINT and SIGTERM end a run cleanly; timeouts and kill -9 leave nothing running.

usage: signals.py TARE
"""

import os
import signal
import sys
import time

import process
from process import Sandbox, expect

INTERRUPTED = """
suite: stopped
defaults: {warmup: 0, invocations: 8}
benchmarks:
- name: slow
  setup: touch set-up
  cleanup: echo done >> cleaned-up
  prepare: echo p >> prepared
  conclude: echo c >> concluded
  shell: echo s >> started; sleep 0.25; echo e >> ended
- name: replayed
  replay: {wall: [10ms, 11ms, 12ms, 10ms, 11ms, 12ms]}
  invocations: 6
"""

# What survives a kill of its process group: a session of its own, in the background, deaf to SIGTERM.
STUBBORN = "setsid sh -c 'trap \"\" TERM HUP INT; echo $$ > grandchild; while :; do sleep 1; done' &"


def interrupt(sandbox, number):
    """The run of INTERRUPTED, stopped in its second invocation."""
    sandbox.write("interrupted.yaml", INTERRUPTED)
    tare = sandbox.start("run", "interrupted.yaml", "--seed", "1", "--journal", "run.ndjson",
                         "--report", "json=report.json")
    end = time.monotonic() + 20
    sandbox.wait_for("started")
    while len(sandbox.read("started").split()) < 2:
        expect(time.monotonic() < end, "the second invocation did not begin")
        time.sleep(0.005)
    began = time.monotonic()
    tare.send_signal(number)
    out, err = tare.communicate(timeout=20)
    took = time.monotonic() - began
    expect(tare.returncode == 130, f"ended with {tare.returncode}: {out}{err}")
    expect(took < 5, f"took {took:.1f} s to stop")
    return out, err


def stops_cleanly(tare, number):
    with Sandbox(tare) as sandbox:
        out, err = interrupt(sandbox, number)
        sandbox.expect_nothing_left()
        lines = process.read_journal(sandbox.file("run.ndjson"))
        expect(lines[-1]["type"] == "end" and lines[-1]["status"] == "interrupted",
               f"the journal ends with {lines[-1]}")
        expect(sandbox.read("cleaned-up") == "done\n", "cleanup did not run once")
        expect("incomplete" in out + err or "interrupted" in out,
               f"the summary does not say that it is incomplete:\n{out}{err}")
        expect(os.path.exists(sandbox.file("report.json")), "there is no report")
        out, _ = sandbox.run("list", "runs")
        expect("interrupted" in out, f"the history does not say so:\n{out}")
        finished = len(process.samples_of(lines, 0))
        expect(finished in (1, 2), f"{finished} finished invocations were journalled")

        out, _ = sandbox.run("run", "--resume", "run.ndjson")
        lines = process.read_journal(sandbox.file("run.ndjson"))
        expect(lines[-1]["status"] == "complete", "resuming did not complete the run")
        expect([len(process.samples_of(lines, case)) for case in range(2)] == [8, 6],
               "the resumed run does not have all invocations")
        # One was killed before its end and begun again.
        expect(len(sandbox.read("ended").split()) == 8, "an invocation was lost or repeated")
        out, _ = sandbox.run("list", "runs")
        expect("complete" in out and "interrupted" not in out, f"the history was not brought up:\n{out}")
        sandbox.run("run", "--resume", "run.ndjson", exit_code=3)


def sigint_stops_cleanly(tare):
    stops_cleanly(tare, signal.SIGINT)


def sigterm_stops_cleanly(tare):
    stops_cleanly(tare, signal.SIGTERM)


def ctrl_c_reaches_the_whole_group(tare):
    """A terminal sends SIGINT to tare and to what it started alike."""
    with Sandbox(tare) as sandbox:
        sandbox.write("interrupted.yaml", INTERRUPTED)
        run = sandbox.start("run", "interrupted.yaml", "--seed", "1", "--journal", "run.ndjson",
                            start_new_session=True)
        sandbox.wait_for("started")
        os.killpg(run.pid, signal.SIGINT)
        out, err = run.communicate(timeout=20)
        expect(run.returncode == 130, f"ended with {run.returncode}: {out}{err}")
        expect(sandbox.read("cleaned-up") == "done\n", "cleanup did not run")
        sandbox.expect_nothing_left()


def a_second_signal_stops_a_cleanup_that_hangs(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("hangs.yaml", """
suite: hangs
benchmarks:
- name: hangs
  shell: echo s >> started; sleep 60
  warmup: 0
  cleanup: echo c >> cleaning; sleep 60
""")
        run = sandbox.start("run", "hangs.yaml", "--seed", "1", "--journal", "run.ndjson")
        sandbox.wait_for("started")
        run.send_signal(signal.SIGINT)
        sandbox.wait_for("cleaning")
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=10)
        expect(run.returncode == 130, f"ended with {run.returncode}: {out}{err}")
        sandbox.expect_nothing_left()


def a_timeout_kills_grandchildren(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("timeout.yaml", f"""
suite: timeout
defaults: {{warmup: 0, invocations: 2}}
benchmarks:
- name: stubborn
  timeout: 500ms
  shell: |
    {STUBBORN}
    sleep 60
- name: next
  shell: kill -0 "$(cat grandchild)" 2>/dev/null && echo alive >> alive || echo dead >> dead
""")
        out, err = sandbox.run("run", "timeout.yaml", "--only", "stubborn", "--seed", "1", exit_code=4)
        expect("timed out after 500 ms" in out, f"no word of the timeout:\n{out}{err}")
        expect(os.path.exists(sandbox.file("grandchild")), "the grandchild was never started")
        sandbox.expect_nothing_left(within_s=0.2)
        sandbox.run("run", "timeout.yaml", "--only", "next", "--seed", "1")
        expect(not os.path.exists(sandbox.file("alive")), "the grandchild was alive")


def what_a_program_leaves_behind_is_killed(tare):
    """It ended well and in time, but something in the background would disturb the next."""
    with Sandbox(tare) as sandbox:
        sandbox.write("leaves.yaml", f"""
suite: leaves
benchmarks:
- name: leaves
  warmup: 0
  invocations: 2
  shell: |
    {STUBBORN}
    while [ ! -s grandchild ]; do sleep 0.01; done
- name: hook
  warmup: 0
  invocations: 1
  setup: |
    {STUBBORN}
    while [ ! -s grandchild ]; do sleep 0.01; done
  command: "true"
""")
        sandbox.run("run", "leaves.yaml", "--seed", "1", exit_code=None)
        sandbox.expect_nothing_left(within_s=0.2)


def nothing_survives_kill_9(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("killed.yaml", f"""
suite: killed
benchmarks:
- name: killed
  warmup: 0
  services:
    server: {{shell: "echo s > served; sleep 60"}}
  shell: |
    {STUBBORN}
    echo s >> started
    sleep 60
""")
        run = sandbox.start("run", "killed.yaml", "--seed", "1")
        sandbox.wait_for("started")
        sandbox.wait_for("grandchild")
        expect(len(sandbox.processes()) >= 4, f"only {sandbox.processes()} are running")
        run.kill()
        run.communicate(timeout=10)
        sandbox.expect_nothing_left(within_s=2)


def main():
    return process.run_tests([
        sigint_stops_cleanly,
        sigterm_stops_cleanly,
        ctrl_c_reaches_the_whole_group,
        a_second_signal_stops_a_cleanup_that_hangs,
        a_timeout_kills_grandchildren,
        what_a_program_leaves_behind_is_killed,
        nothing_survives_kill_9,
    ], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
