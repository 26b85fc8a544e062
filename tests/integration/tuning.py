#!/usr/bin/env python3
"""tare run --tune puts a machine back, however the run ends; the machine is a recorded one.

usage: tuning.py TARE MACHINE
"""

import os
import shutil
import signal
import sys
import time

import process
from process import Sandbox, expect

SUITE = """
suite: tuned
benchmarks:
- name: slow
  shell: echo started > started; sleep 60
  warmup: 0
  invocations: 1
"""

FAILING = """
suite: failing
benchmarks:
- name: failing
  shell: cat machine/proc/sys/vm/swappiness > seen; exit 3
  warmup: 0
  invocations: 1
"""

SWAPPINESS = "machine/proc/sys/vm/swappiness"
LIMIT_S = 30


class Machine(Sandbox):
    """A sandbox with a copy of the recorded machine in it."""

    def __init__(self, tare, recorded):
        super().__init__(tare)
        self.recorded = recorded

    def __enter__(self):
        super().__enter__()
        shutil.copytree(self.recorded, self.file("machine"))
        os.mkdir(self.file("machine/run"))
        self.write("slow.yaml", SUITE)
        self.write("failing.yaml", FAILING)
        return self

    def environment(self):
        return super().environment() | {"TARE_MACHINE_ROOT": self.file("machine")}

    def swappiness(self):
        return self.read(SWAPPINESS).strip()

    def start_run(self):
        """A tuned run that has begun to measure."""
        tare = self.start("run", "--tune=swap=1", "--no-store", "slow.yaml")
        self.wait_for("started")
        expect(self.swappiness() == "1", f"swappiness is {self.swappiness()} in a tuned run")
        return tare

    def expect_back(self):
        """That the machine is as it was, before long: a guardian may be at it."""
        end = time.monotonic() + LIMIT_S
        while os.path.exists(self.file("machine/run/tare/tune.ndjson")):
            expect(time.monotonic() < end, "the journal is still there")
            time.sleep(0.01)
        expect(self.swappiness() == "60", f"swappiness is {self.swappiness()} afterwards")


def guardian_of(tare):
    with open(f"/proc/{tare.pid}/task/{tare.pid}/children", encoding="ascii") as file:
        for pid in file.read().split():
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if comm.read().strip() == "tare-guardian":
                    return int(pid)
    raise process.Failure("there is no guardian")


def kill_9_is_followed_by_the_guardian(machine):
    tare = machine.start_run()
    tare.kill()
    tare.communicate(timeout=LIMIT_S)
    machine.expect_back()


def an_interrupted_run_puts_back_before_it_ends(machine):
    tare = machine.start_run()
    tare.send_signal(signal.SIGINT)
    tare.communicate(timeout=LIMIT_S)
    expect(tare.returncode == 130, f"ended with {tare.returncode}")
    expect(machine.swappiness() == "60", "an interrupted run did not put back")
    machine.expect_back()


def a_failing_run_puts_back_before_it_ends(machine):
    machine.run("run", "--tune=swap=1", "--no-store", "failing.yaml", exit_code=4)
    expect(machine.read("seen").strip() == "1", "the run was not tuned")
    expect(machine.swappiness() == "60", "a failing run did not put back")
    machine.expect_back()


def a_second_tare_is_refused(machine):
    tare = machine.start_run()
    for words in (("tune", "thp"), ("tune", "--restore"), ("run", "--tune", "failing.yaml")):
        _, err = machine.run(*words, exit_code=5)
        expect(f"another tare (process {tare.pid}) is tuning this machine" in err,
               f"tare {' '.join(words)} says {err}")
    out, _ = machine.run("tune")
    expect(f"by process {tare.pid}, which puts 1 value back" in out, f"tare tune says {out}")
    tare.send_signal(signal.SIGTERM)
    tare.communicate(timeout=LIMIT_S)
    machine.expect_back()


def where_the_guardian_is_killed_too_the_next_tare_puts_back(machine):
    tare = machine.start_run()
    os.kill(guardian_of(tare), signal.SIGKILL)
    tare.kill()
    tare.communicate(timeout=LIMIT_S)
    expect(machine.swappiness() == "1", "who put it back?")
    out, _ = machine.run("tune")
    expect(f"process {tare.pid} was killed and left 1 value" in out, f"tare tune says {out}")
    _, err = machine.run("run", "--tune=thp", "--no-store", "failing.yaml", exit_code=4)
    expect("put back 1 value that a killed tare had changed" in err, f"tare run says {err}")
    expect(machine.read("seen").strip() == "60", "the next run was measured with the old tuning")
    machine.expect_back()


def a_run_that_is_not_tuned_puts_back_too(machine):
    """Else it would be measured as a run that is long gone wanted it."""
    tare = machine.start_run()
    os.kill(guardian_of(tare), signal.SIGKILL)
    tare.kill()
    tare.communicate(timeout=LIMIT_S)
    _, err = machine.run("run", "--no-store", "failing.yaml", exit_code=4)
    expect("put back 1 value that a killed tare had changed" in err, f"tare run says {err}")
    expect(machine.read("seen").strip() == "60", "the run was measured with the old tuning")
    machine.expect_back()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for check in (kill_9_is_followed_by_the_guardian,
                  an_interrupted_run_puts_back_before_it_ends,
                  a_failing_run_puts_back_before_it_ends, a_second_tare_is_refused,
                  where_the_guardian_is_killed_too_the_next_tare_puts_back,
                  a_run_that_is_not_tuned_puts_back_too):
        with Machine(sys.argv[1], sys.argv[2]) as machine:
            try:
                check(machine)
            except process.Failure as failure:
                print(f"{check.__name__}: {failure}")
                return 1
        print(check.__name__.replace("_", " "))
    return 0


if __name__ == "__main__":
    sys.exit(main())
