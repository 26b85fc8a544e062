"""What the tests of this folder that start tare have in common: a folder, an environment, journals.

A Sandbox is a folder of its own that is the HOME of everything started in it. HOME is handed down to
whatever tare starts, so a process that has it in its environment belongs to the test, whoever its
parent is.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77


def skip(reason, missing_package=False):
    """Ends the test; a missing package is no excuse in CI."""
    print(f"skipped: {reason}")
    sys.exit(1 if missing_package and os.environ.get("CI") == "true" else SKIPPED)


class Failure(Exception):
    """What a test found."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Sandbox:
    def __init__(self, tare, parent=None):
        self.binary = os.path.abspath(tare)
        self.parent = parent

    def __enter__(self):
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="tare-it-", dir=self.parent))
        return self

    def __exit__(self, *what):
        for pid, _ in self.processes():
            os.kill(pid, 9)
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, text):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.file(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def file(self, name):
        return os.path.join(self.path, name)

    def environment(self):
        kept = ("PATH", "LANG", "LC_ALL", "ASAN_OPTIONS", "UBSAN_OPTIONS")
        return {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": self.path, "NO_COLOR": "1", "TERM": "dumb"}

    def start(self, *arguments, **options):
        return subprocess.Popen([self.binary, *arguments], cwd=self.path, env=self.environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace", **options)

    def run(self, *arguments, exit_code=0, timeout=60):
        """What tare printed on standard output and standard error."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure(f"tare {' '.join(arguments)} did not end in {timeout} s") from None
        if exit_code is not None:
            expect(process.returncode == exit_code,
                   f"tare {' '.join(arguments)} ended with {process.returncode}, not {exit_code}:\n"
                   f"{out}{err}")
        return out, err

    def processes(self):
        """Living processes of this sandbox: pid and command line."""
        mark = f"HOME={self.path}".encode()
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    mine = mark in file.read().split(b"\0")
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    command = file.read().replace(b"\0", b" ").decode(errors="replace")
                with open(f"/proc/{name}/stat", "rb") as file:
                    state = file.read().rsplit(b")", 1)[1].split()[0]
            except OSError:
                continue
            if mine and state not in (b"Z", b"X"):
                found.append((int(name), command.strip()))
        return found

    def expect_nothing_left(self, within_s=2.0):
        end = time.monotonic() + within_s
        left = self.processes()
        while left and time.monotonic() < end:
            time.sleep(0.02)
            left = self.processes()
        expect(not left, f"still there after {within_s} s: {left}")

    def wait_for(self, name, timeout_s=20):
        """Waits until a file is there and not empty."""
        end = time.monotonic() + timeout_s
        while not os.path.exists(self.file(name)) or os.path.getsize(self.file(name)) == 0:
            expect(time.monotonic() < end, f"{name} did not come within {timeout_s} s")
            time.sleep(0.005)


def read_journal(path):
    """The whole lines of a journal; one that is cut off at the end is left out."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def samples_of(lines, case):
    return [line for line in lines if line["type"] == "sample" and line["case"] == case]


def run_tests(tests, tare):
    """Calls each function of tests with the path of tare; prints what failed; the exit code."""
    failed = 0
    for test in tests:
        began = time.monotonic()
        try:
            test(tare)
            print(f"ok: {test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Failure as failure:
            failed += 1
            print(f"FAILED: {test.__name__}: {failure}", flush=True)
    return 1 if failed else 0
