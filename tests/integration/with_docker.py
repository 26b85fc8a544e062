#!/usr/bin/env python3
"""ci/with-docker: an engine for one command, and nothing of it afterwards, whatever ends it.

usage: with_docker.py WITH-DOCKER
"""

import os
import signal
import subprocess
import sys
import tempfile
import time

from process import SKIPPED, Failure, expect

STARTED = "echo $DOCKER_HOST; docker info --format '{{.Driver}}' >/dev/null || exit 9; "


class Engine:
    """One call of the script, with a folder for temporary files that nobody else uses."""

    def __init__(self, script):
        self.script = script

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tw-", dir="/tmp")
        self.path = self.folder.name
        return self

    def __exit__(self, *what):
        self.folder.cleanup()

    def start(self, *command, **options):
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("DOCKER_HOST", "DOCKER_CONTEXT")}
        environment["TMPDIR"] = self.path
        return subprocess.Popen([self.script, *command], env=environment, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def processes(self):
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    command = file.read()
            except OSError:
                continue
            if f"{self.path}/".encode() in command:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
        return found

    def expect_clean(self, within_s=0.0):
        end = time.monotonic() + within_s
        while (os.listdir(self.path) or self.processes()) and time.monotonic() < end:
            time.sleep(0.05)
        expect(not self.processes(), f"still running: {self.processes()}")
        left = [os.path.join(folder, name)
                for folder, inner, names in os.walk(self.path) for name in inner + names]
        expect(not left, f"still there: {left}")


def finish(process, text=None, timeout=120):
    try:
        out, err = process.communicate(text, timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure("ci/with-docker did not end") from None
    return process.returncode, out, err


def the_exit_code_and_the_streams_are_the_command_s(script):
    with Engine(script) as engine:
        code, out, err = finish(
            engine.start("sh", "-c", STARTED + "cat; echo complaint >&2; exit 7"), "input\n")
        expect(code == 7, f"exit code {code}: {out}{err}")
        expect(out.startswith(f"unix://{engine.path}/") and out.endswith("\ninput\n"), out)
        expect(err == "complaint\n", err)
        engine.expect_clean()


def containers_that_the_command_leaves_go_with_the_engine(script):
    with Engine(script) as engine:
        script_text = (STARTED + "d=$(mktemp -d) && cp /bin/busybox $d/ && "
                       "tar -C $d -c . | docker import - left:1 >/dev/null && rm -r $d && "
                       "docker run -d left:1 /busybox sleep 1000 >/dev/null && kill -9 $$")
        code, out, err = finish(engine.start("sh", "-c", script_text))
        expect(code == 128 + 9, f"exit code {code}: {out}{err}")
        engine.expect_clean()


def a_signal_reaches_the_command_and_the_engine_is_stopped(script):
    with Engine(script) as engine:
        process = engine.start("sh", "-c", "trap 'kill $!; exit 5' TERM; sleep 100 & echo up; wait")
        expect(process.stdout.readline() == "up\n", "the command did not start")
        process.send_signal(signal.SIGTERM)
        code, out, err = finish(process)
        expect(code == 5, f"exit code {code}: {out}{err}")
        engine.expect_clean()


def the_engine_ends_with_the_script_even_if_that_is_killed(script):
    with Engine(script) as engine:
        process = engine.start("sh", "-c", "echo $$; exec sleep 300")
        command = int(process.stdout.readline())
        process.kill()
        try:
            process.wait(timeout=20)
            engine.expect_clean(within_s=60)
        finally:
            os.kill(command, signal.SIGKILL)


def main():
    script = sys.argv[1]
    if os.environ.get("DOCKER_HOST"):
        print("skipped: there is an engine already, and it is not this test's to stop")
        return SKIPPED
    with Engine(script) as engine:
        code, out, err = finish(engine.start("true"))
    if code != 0:
        print(out, err, end="")
        return code
    failed = 0
    for test in (the_exit_code_and_the_streams_are_the_command_s,
                 containers_that_the_command_leaves_go_with_the_engine,
                 a_signal_reaches_the_command_and_the_engine_is_stopped,
                 the_engine_ends_with_the_script_even_if_that_is_killed):
        try:
            test(script)
            print(f"ok: {test.__name__}", flush=True)
        except Failure as failure:
            failed = 1
            print(f"FAILED: {test.__name__}: {failure}", flush=True)
    return failed


sys.exit(main())
