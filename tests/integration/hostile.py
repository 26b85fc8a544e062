#!/usr/bin/env python3
"""What benchmarks and their surroundings may do to tare: each ends with the right exit code and a
clear sentence, the other cases are measured, and nothing is left running or lying about.

usage: hostile.py TARE
"""

import fcntl
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys

import process
from process import Sandbox, expect

HEAD = "suite: hostile\ndefaults: {invocations: 2, warmup: 0, timeout: 30s}\nbenchmarks:\n"
GOOD = "- {name: good, command: 'true'}\n"


def run_suite(sandbox, benchmarks, *arguments, exit_code, **options):
    """The report as data, and what was printed."""
    sandbox.write("suite.yaml", HEAD + benchmarks)
    out, err = sandbox.run("run", "suite.yaml", "--report", "json=report.json", *arguments, exit_code=exit_code,
                           **options)
    report = json.loads(sandbox.read("report.json"))
    return {case["name"]: case for case in report["cases"]}, out, err


def expect_clean(sandbox, *allowed):
    """No processes, and nothing in the folder but what was asked for."""
    sandbox.expect_nothing_left()
    expected = {"suite.yaml", "report.json", ".tare", *allowed}
    found = set(os.listdir(sandbox.path))
    expect(found <= expected, f"left behind: {found - expected}")
    state = sandbox.file(".tare")
    if os.path.isdir(state):
        expect("scratch" not in os.listdir(state), "scratch folders were left")


class NotHere(Exception):
    """A part of a test that cannot be done on this machine, and why; the others go on."""


def if_possible(test):
    def tried(tare):
        try:
            test(tare)
        except NotHere as reason:
            print(f"skipped: {test.__name__}: {reason}")
    tried.__name__ = test.__name__
    return tried


def expect_measured(cases, *names):
    for name in names:
        expect(cases[name]["metrics"]["wall"]["n"] == 2, f"{name} was not measured: {cases[name]}")


def expect_failed(out, name, text):
    alone = f"failed: {name}: " in out
    among = re.search(rf"^failed: \d+ cases: .*\n(?:  .*\n)*?  (?:.*, )?{re.escape(name)}(?:,|$)", out, re.M)
    expect((alone or among) and text in out, f"{name} did not fail with '{text}':\n{out}")


def the_agent_is_killed_stopped_or_told_to_end(tare):
    with Sandbox(tare) as sandbox:
        cases, out, _ = run_suite(sandbox, """
- {name: killed, shell: 'setsid sleep 60 & kill -KILL $PPID; sleep 60'}
- {name: stopped, shell: 'setsid sleep 60 & kill -STOP $PPID; sleep 60'}
- {name: ended, shell: 'setsid sleep 60 & kill -TERM $PPID; sleep 60'}
- {name: hooked, command: 'true', prepare: 'kill -KILL $PPID; sleep 60'}
- {name: prepared, command: 'true', prepare: 'true'}
""" + GOOD, exit_code=4)
        expect_measured(cases, "good", "prepared")
        expect_failed(out, "killed", "was killed by signal 9 (Killed)")
        expect_failed(out, "stopped", "was stopped by signal 19")
        expect_failed(out, "ended", "was told to end by a signal")
        expect_failed(out, "hooked", "prepare failed: ")
        expect("4 cases failed" in out and "incomplete" not in out, out)
        expect_clean(sandbox)


def what_a_program_does_to_itself_and_its_group(tare):
    with Sandbox(tare) as sandbox:
        cases, out, _ = run_suite(sandbox, """
- {name: group, shell: 'kill -KILL 0'}
- {name: stops, shell: 'kill -STOP $$', timeout: 1s}
- {name: stops-all, shell: 'sleep 60 & kill -STOP 0', timeout: 1s}
- {name: closes, shell: 'exec <&- >&- 2>&-'}
- {name: pipe, shell: 'setsid sleep 60 & setsid sh -c "sleep 60 & sleep 60" & echo n 1',
   metrics: {n: {regex: 'n ([0-9]+)', unit: ops}}}
- {name: limits, shell: 'ulimit -n 3; ulimit -f 0; ulimit -c 0'}
""" + GOOD, exit_code=4)
        expect_measured(cases, "good", "closes", "pipe", "limits")
        expect_failed(out, "group", "killed by signal 9")
        expect_failed(out, "stops", "timed out after 1 s and was killed")
        expect_failed(out, "stops-all", "timed out after 1 s and was killed")
        expect("pipe left processes running, which were killed" in out, out)
        expect_clean(sandbox)


def a_program_inherits_three_descriptors(tare):
    """Whatever tare was given, and has open itself."""
    with Sandbox(tare) as sandbox:
        sandbox.write("suite.yaml", HEAD + """
- {name: count, shell: 'ls /proc/self/fd >fds; for i in 3 4 5 6 7 8 9; do
   (echo garbage >&$i) 2>/dev/null || :; done'}
""")
        extra = os.open("/dev/zero", os.O_RDWR)
        high = fcntl.fcntl(extra, fcntl.F_DUPFD, 200)
        tried = sandbox.start("run", "suite.yaml", pass_fds=(extra, high))
        out, err = tried.communicate(timeout=60)
        os.close(extra)
        os.close(high)
        expect(tried.returncode == 0, f"{out}{err}")
        # The last is the folder that ls lists.
        expect(sandbox.read("fds").split() == ["0", "1", "2", "3"], sandbox.read("fds"))
        journal = os.path.join(sandbox.file(".tare/runs"), os.listdir(sandbox.file(".tare/runs"))[0])
        expect(len(process.samples_of(process.read_journal(journal), 0)) == 2, "the journal has other lines")
        expect_clean(sandbox, "fds")


def a_hundred_thousand_lines_of_errors(tare):
    with Sandbox(tare) as sandbox:
        _, out, _ = run_suite(sandbox, """
- {name: chatty, shell: 'seq -f "line %.0f" 100000 >&2; exit 3'}
""" + GOOD, exit_code=4)
        expect("line 100000" in out and "line 99000\n" not in out, out[:2000])
        expect(out.count("line ") <= 20, "more than the last lines are shown")
        expect_clean(sandbox)


@if_possible
def a_fork_bomb_within_limits(tare):
    """As somebody else, whose processes are counted; the sandbox finds what is left of them."""
    if os.geteuid() != 0:
        raise NotHere("only root can become the user whose processes are limited")
    if not shutil.which("bash"):
        raise NotHere("there is no bash")
    user = 100000 + os.getpid() % 100000
    with Sandbox(tare) as sandbox:
        os.chmod(sandbox.path, 0o777)
        sandbox.write("suite.yaml", HEAD + """
- {name: bomb, command: [bash, -c, 'f() { f & f & }; f; sleep 0.2'], timeout: 5s}
""" + GOOD)
        tried = sandbox.start("run", "suite.yaml", "--no-store", user=user, group=user, extra_groups=[],
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (150, 150)))
        out, err = tried.communicate(timeout=100)
        if "cannot execute the agent" in err or "Permission denied" in err:
            raise NotHere("another user cannot reach this build")
        expect(tried.returncode in (0, 4), f"{tried.returncode}\n{out}{err}")
        expect("bomb" in out and "good" in out and "case measured" in out.replace("cases", "case"), out)
        sandbox.expect_nothing_left(10)


def the_state_folder_is_deleted(tare):
    with Sandbox(tare) as sandbox:
        cases, out, err = run_suite(sandbox, f"""
- {{name: deletes, shell: 'rm -rf {sandbox.path}/.tare'}}
- {{name: hooked, command: 'true', prepare: 'true'}}
""" + GOOD, exit_code=5)
        expect_measured(cases, "deletes", "hooked", "good")
        expect("was removed or replaced while it was written" in err, err)
        expect("journal: " not in err.replace("measure: journal", "") and "--resume" not in err, err)
        # The history was made anew and has the run.
        expect("hostile" in sandbox.run("list", "runs")[0], "the run is not in the history")
        expect_clean(sandbox)


def the_current_folder_is_deleted(tare):
    with Sandbox(tare) as sandbox:
        os.mkdir(sandbox.file("inner"))
        whole = sandbox.path
        sandbox.path = sandbox.file("inner")
        sandbox.write("suite.yaml", HEAD + f"- {{name: deletes, shell: 'rm -rf {sandbox.path}', cwd: /}}\n" + GOOD)
        out, err = sandbox.run("run", "suite.yaml", exit_code=None)
        sandbox.path = whole
        expect("deletes" in out and "removed" in err, f"{out}{err}")
        # And before tare is started.
        shell = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
        for arguments, code, text in ((("bench", "-r", "2", "true"), 0, "1 case measured"),
                                      (("run", "x.yaml"), 5, "the current folder has been removed")):
            tried = subprocess.run(["sh", "-c", shell, "sh", sandbox.binary, *arguments], cwd=whole, check=False,
                                   env=sandbox.environment(), capture_output=True, text=True, timeout=60)
            expect(tried.returncode == code and text in tried.stdout + tried.stderr,
                   f"{arguments}: {tried.returncode}\n{tried.stdout}{tried.stderr}")
        sandbox.expect_nothing_left()


def there_is_no_path(tare):
    with Sandbox(tare) as sandbox:
        for path in ({"PATH": ""}, {"PATH": "/nowhere:relative"}):
            tried = subprocess.run([sandbox.binary, "bench", "-r", "2", "true"], cwd=sandbox.path, check=False,
                                   env=sandbox.environment() | path, capture_output=True, text=True, timeout=60)
            expect(tried.returncode == 4 and "cannot find 'true' on PATH" in tried.stdout,
                   f"{tried.returncode}\n{tried.stdout}{tried.stderr}")
        expect_clean(sandbox)


def standard_streams_are_full_or_closed(tare):
    commands = (["bench", "-r", "2", "true"], ["list", "runners"], ["--help"], ["schema"])
    with Sandbox(tare) as sandbox:
        for redirect in (">/dev/full", ">&-", "<&- >&-", "<&- >&- 2>&-"):
            for arguments in commands:
                tried = subprocess.run(["sh", "-c", f'exec "$@" {redirect}', "sh", sandbox.binary, *arguments],
                                       cwd=sandbox.path, env=sandbox.environment(), check=False,
                                       capture_output=True, text=True, timeout=60)
                expect(tried.returncode == 5, f"{redirect} {arguments}: {tried.returncode} {tried.stderr}")
                expect(tried.stderr.count("tare: ") == (0 if "2>&-" in redirect else 1),
                       f"{redirect} {arguments}: {tried.stderr}")
        # A closed standard input is nothing to fail for.
        tried = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", sandbox.binary, "bench", "-r", "2", "cat"],
                               cwd=sandbox.path, env=sandbox.environment(), check=False, capture_output=True,
                               timeout=60)
        expect(tried.returncode == 0, f"{tried.returncode}")
        expect_clean(sandbox)


def nobody_reads_to_the_end(tare):
    """What is piped into head dies of it, or says so; what measures cleans up first."""
    with Sandbox(tare) as sandbox:
        for arguments in (["schema"], ["bench", "-r", "2", "--prepare", "true", "true"]):
            reading, writing = os.pipe()
            os.close(reading)
            tried = subprocess.run([sandbox.binary, *arguments], cwd=sandbox.path, env=sandbox.environment(),
                                   check=False, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60,
                                   stdin=subprocess.DEVNULL)
            os.close(writing)
            expect(tried.returncode == 5 and "Broken pipe" in tried.stderr
                   or tried.returncode == -signal.SIGPIPE and not tried.stderr,
                   f"{arguments}: {tried.returncode} {tried.stderr}")
        expect_clean(sandbox)


def few_files_may_be_open(tare):
    with Sandbox(tare) as sandbox:
        names = [f"- {{name: n{i}, shell: 'echo {i}', prepare: 'true', metrics: {{n: {{regex: '([0-9]+)', unit: x}}}}}}\n"
                 for i in range(12)]
        sandbox.write("suite.yaml", HEAD + "".join(names))
        limited = sandbox.start("run", "suite.yaml",
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)))
        out, err = limited.communicate(timeout=60)
        expect(limited.returncode == 0 and "12 cases measured" in out, f"{limited.returncode}\n{out}{err}")
        limited = sandbox.start("bench", "true",
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10)))
        out, err = limited.communicate(timeout=60)
        expect(limited.returncode == 5 and "open files are too few" in err, f"{limited.returncode}\n{out}{err}")
        sandbox.expect_nothing_left()


def files_may_not_grow(tare):
    """SIGXFSZ would kill; a limit is an error like a full disk."""
    with Sandbox(tare) as sandbox:
        sandbox.write("suite.yaml", "suite: long\nbenchmarks:\n- {name: many, invocations: 20000, replay: {wall: 1ms}}\n")
        limited = sandbox.start("run", "suite.yaml", "--no-store",
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200000, 200000)))
        out, err = limited.communicate(timeout=60)
        expect(limited.returncode == 5 and "File too large" in err and "the run is incomplete" in out,
               f"{limited.returncode}\n{out}{err}")
        expect("tare run --resume" in err, err)
        journal = os.path.join(".tare/runs", os.listdir(sandbox.file(".tare/runs"))[0])
        sandbox.run("run", "suite.yaml", "--resume", journal, "--no-store", "--quiet")


def there_is_no_agent(tare):
    with Sandbox(tare) as sandbox:
        os.mkdir(sandbox.file("bin"))
        sandbox.binary = shutil.copy(tare, sandbox.file("bin/tare"))
        out, err = sandbox.run("bench", "true", exit_code=5)
        expect(out == "" and err.count("\n") == 1, f"{out}{err}")
        expect(f"no program 'tare-agent' in '{sandbox.path}/bin' or '{sandbox.path}/bin/../libexec/tare'" in err
               and "set TARE_AGENT" in err, err)
        expect(os.listdir(sandbox.path) == ["bin"], f"left behind: {os.listdir(sandbox.path)}")


class Unwritable:
    """What is said and done in a folder that must not be written, by somebody who is not root."""

    def __init__(self, sandbox, *folders):
        self.sandbox = sandbox
        self.folders = [sandbox.path, *map(sandbox.file, folders)]

    def __enter__(self):
        for folder in self.folders:
            os.chmod(folder, 0o555)
        return self

    def __exit__(self, *what):
        for folder in self.folders:
            os.chmod(folder, 0o755)

    def run(self, *arguments, exit_code=0):
        options = {} if os.geteuid() != 0 else {"user": 65534, "group": 65534, "extra_groups": []}
        tried = self.sandbox.start(*arguments, **options)
        out, err = tried.communicate(timeout=60)
        if "cannot execute the agent" in err or "no program 'tare-agent'" in err:
            raise NotHere("another user cannot reach this build")
        expect(tried.returncode == exit_code, f"{arguments}: {tried.returncode}\n{out}{err}")
        return out, err


@if_possible
def a_folder_that_must_not_be_written(tare):
    with Sandbox(tare) as sandbox, Unwritable(sandbox) as closed:
        out, err = closed.run("bench", "-r", "2", "--prepare", "true", "true")
        expect("1 case measured" in out and "this folder cannot be written" in err, f"{out}{err}")
        temporary = err.split("logs are in ", 1)[1].split(",", 1)[0]
        expect(not os.path.exists(temporary), f"{temporary} was left behind")
        _, err = closed.run("bench", "-r", "2", "--keep", "true", exit_code=5)
        expect("Permission denied" in err and "--resume" not in err, err)
        sandbox.expect_nothing_left()


@if_possible
def a_history_that_must_not_be_written(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("suite.yaml", "suite: s\nbenchmarks: [{name: x, replay: {wall: [1ms, 2ms, 1ms, 2ms, 1ms, 2ms]}}]\n")
        sandbox.run("run", "suite.yaml", "--release", "v1", "--quiet")
        sandbox.run("run", "suite.yaml", "--release", "v2", "--quiet")
        with Unwritable(sandbox, ".tare", ".tare/runs") as closed:
            for arguments in (["list", "runs"], ["show", "latest"], ["history", "x"], ["compare", "v1", "v2"],
                              ["trend", "s"],
                              ["list", "runs", "--store", f"sqlite:/{sandbox.file('.tare/results.db')}"]):
                out, err = closed.run(*arguments)
                expect(out and not err, f"{arguments}: {out}{err}")
            _, err = closed.run("store", "remove", "v1", exit_code=5)
            expect("the file or its folder is read-only" in err, err)


def a_killed_run_is_swept_up_after(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("suite.yaml", HEAD + "- {name: x, shell: 'echo > ${scratch_dir}/file; echo > up; sleep 60'}\n")
        killed = sandbox.start("run", "suite.yaml", "--no-store")
        sandbox.wait_for("up")
        killed.kill()
        killed.communicate()
        sandbox.expect_nothing_left(5)
        expect(os.path.isdir(sandbox.file(f".tare/scratch/{killed.pid}")), "there is nothing to sweep")
        sandbox.run("bench", "-r", "2", "true")
        expect(not os.path.exists(sandbox.file(".tare/scratch")), "it was not swept")


def main():
    return process.run_tests([
        the_agent_is_killed_stopped_or_told_to_end,
        what_a_program_does_to_itself_and_its_group,
        a_program_inherits_three_descriptors,
        a_hundred_thousand_lines_of_errors,
        a_fork_bomb_within_limits,
        the_state_folder_is_deleted,
        the_current_folder_is_deleted,
        there_is_no_path,
        standard_streams_are_full_or_closed,
        nobody_reads_to_the_end,
        few_files_may_be_open,
        files_may_not_grow,
        there_is_no_agent,
        a_folder_that_must_not_be_written,
        a_history_that_must_not_be_written,
        a_killed_run_is_swept_up_after,
    ], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
