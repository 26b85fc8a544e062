#!/usr/bin/env python3
"""Services: started before a case, ready before it is measured, stopped after it, their log kept.

usage: services.py TARE
"""

import glob
import os
import socket
import sys

import process
from process import Sandbox, expect

# Comes up late, so that a case that does not wait finds nothing.
SERVER = """
import os, signal, socket, sys, time
kind, place = sys.argv[1:3]
print("server log line", flush=True)
def end(number, frame):
    open("stopped", "a").write(kind + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
time.sleep(0.3)
if kind == "tcp":
    listener = socket.create_server(("127.0.0.1", int(place)))
elif kind == "unix":
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen()
else:
    open(place, "w").write("ready")
open("pids", "a").write(f"{os.getpid()}\\n")
while True:
    time.sleep(0.05) if kind == "file" else listener.accept()[0].close()
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def suite(ready, server, command, more=""):
    return f"""
suite: served
benchmarks:
- name: served
  warmup: 0
  invocations: 2
  services:
    db:
      command: [python3, server.py, {server}]
      ready: {ready}
{more}
  shell: {command}
- name: other
  replay: {{wall: [10ms, 11ms]}}
"""


def log_of(sandbox):
    logs = glob.glob(sandbox.file(".tare/logs/*/*db*.log"))
    expect(len(logs) == 1, f"logs: {glob.glob(sandbox.file('.tare/logs/*/*'))}")
    with open(logs[0], encoding="utf-8") as file:
        return file.read()


def serves(tare, ready, server, command):
    with Sandbox(tare) as sandbox:
        sandbox.write("server.py", SERVER)
        sandbox.write("served.yaml", suite(ready, server, command))
        sandbox.run("run", "served.yaml", "--seed", "1")
        sandbox.expect_nothing_left(within_s=0.5)
        expect(sandbox.read("stopped").count("\n") == 1, "it was not stopped by SIGTERM, once")
        expect(len(sandbox.read("pids").split()) == 1, "it was not started once")
        expect("server log line" in log_of(sandbox), "its log is not kept")


def waits_for_a_tcp_port(tare):
    port = free_port()
    serves(tare, f"{{tcp: {port}}}", f'tcp, "{port}"',
           f"exec python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'")


def waits_for_a_unix_socket(tare):
    serves(tare, "{unix: db.sock}", "unix, db.sock", "test -S db.sock")


def waits_for_a_file(tare):
    serves(tare, "{file: db.ready}", "file, db.ready", "test -s db.ready")


def waits_for_a_command(tare):
    serves(tare, "{command: test -s db.ready}", "file, db.ready", "test -s db.ready")


def fails(tare, served, words):
    """Only the case of the service fails, and it is said why."""
    with Sandbox(tare) as sandbox:
        sandbox.write("server.py", SERVER)
        sandbox.write("served.yaml", served)
        out, err = sandbox.run("run", "served.yaml", "--seed", "1", exit_code=4, timeout=30)
        for word in words:
            expect(word in out, f"no '{word}' in:\n{out}{err}")
        expect("1 case measured; 1 case failed" in out, f"the other case was not measured:\n{out}")
        sandbox.expect_nothing_left(within_s=0.5)
        return log_of(sandbox)


def one_that_never_gets_ready_fails_its_case(tare):
    log = fails(tare, suite("{file: never}", "file, other", "true", "      ready_timeout: 700ms"),
                ["db", "not ready within 0.7 s", ".log"])
    expect("server log line" in log, "its log is not kept")


def one_that_dies_at_once_fails_its_case_at_once(tare):
    served = suite("{file: never}", "file, other", "true", "      ready_timeout: 20s")
    served = served.replace("[python3, server.py, file, other]", '[sh, -c, "echo no disk >&2; exit 3"]')
    log = fails(tare, served, ["db", "status 3", "no disk"])
    expect("no disk" in log, "its log is not kept")


def one_that_cannot_be_started_fails_its_case(tare):
    served = suite("{file: never}", "file, other", "true")
    with Sandbox(tare) as sandbox:
        sandbox.write("served.yaml", served.replace("python3, server.py, file, other", "./no-such-server"))
        out, _ = sandbox.run("run", "served.yaml", "--seed", "1", exit_code=4)
        expect("no-such-server" in out and "1 case measured; 1 case failed" in out, out)


def one_that_dies_while_it_is_measured_is_named(tare):
    """What is measured fails by itself then; what matters is that nothing hangs or stays."""
    served = suite("{file: db.ready}", "file, db.ready", "kill -9 $(cat pids); sleep 0.1; exit 5")
    with Sandbox(tare) as sandbox:
        sandbox.write("server.py", SERVER)
        sandbox.write("served.yaml", served)
        out, err = sandbox.run("run", "served.yaml", "--seed", "1", exit_code=4, timeout=30)
        expect("exit code 5" in out, f"{out}{err}")
        sandbox.expect_nothing_left(within_s=0.5)


def one_that_ignores_sigterm_is_killed(tare):
    with Sandbox(tare) as sandbox:
        sandbox.write("served.yaml", """
suite: served
benchmarks:
- name: served
  warmup: 0
  invocations: 1
  services:
    deaf:
      shell: |
        trap '' TERM
        setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &
        touch db.ready
        while :; do sleep 1; done
      ready: {file: db.ready}
      stop_timeout: 300ms
  command: "true"
""")
        sandbox.run("run", "served.yaml", "--seed", "1", timeout=20)
        sandbox.expect_nothing_left(within_s=0.5)


def a_stale_mark_is_not_taken_for_readiness(tare):
    """A socket nobody listens at is there from a run that was killed."""
    with Sandbox(tare) as sandbox:
        sandbox.write("server.py", SERVER.replace("listener.bind", "os.unlink(place); listener.bind"))
        stale = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(sandbox.path)
        stale.bind("db.sock")
        os.chdir(here)
        stale.close()
        sandbox.write("served.yaml", suite("{unix: db.sock}", "unix, db.sock",
            "exec python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"db.sock\")'"))
        sandbox.run("run", "served.yaml", "--seed", "1")


def main():
    return process.run_tests([
        waits_for_a_tcp_port,
        waits_for_a_unix_socket,
        waits_for_a_file,
        waits_for_a_command,
        one_that_never_gets_ready_fails_its_case,
        one_that_dies_at_once_fails_its_case_at_once,
        one_that_cannot_be_started_fails_its_case,
        one_that_dies_while_it_is_measured_is_named,
        one_that_ignores_sigterm_is_killed,
        a_stale_mark_is_not_taken_for_readiness,
    ], sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
