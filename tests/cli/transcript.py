#!/usr/bin/env python3
"""Runs a transcript: commands at a prompt and what they must print.

usage: transcript.py TARE SUITES-FOLDER TRANSCRIPT

What stands at the left margin of a transcript is for people. What is indented by two spaces is run:

  $ tare check one.yaml         a command for /bin/sh; the next lines are what it prints,
  one.yaml: ok, 2 cases         standard error and output together
  [exit 3]                      and how it ends, where that is not 0
  $ cat >two.yaml <<END         a command of several lines: the others begin with "> "
  > suite: two
  > END

Everything runs in one empty folder. What differs from run to run is replaced in what was printed: run
ids by RUN-1, RUN-2 ... in the order they come up, times, digests, folders, the version. What tells of
other programs that ran meanwhile is left out. Empty lines
at the end of what a command printed do not count. The first difference stops nothing: all commands
are run, and the diff is of the whole. TARE_UPDATE_GOLDEN=1 writes what was printed into the
transcript.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile

COMMAND_TIMEOUT_S = 60
PREFIX = "  "

# In this order. Padding after a replaced word would tell how long it was, so it goes as well.
REPLACED = [
    (re.compile(r"\btare \d+\.\d+\.\d+\b"), "tare <VERSION>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<DATE>"),
    (re.compile(r"^\d{4}-\d\d-\d\d(?=  RUN-)", re.M), "<DAY>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<SHA-256>"),
    (re.compile(r"(\d+ cases?, [\d,]+ invocations? in )[\d.]+ \w+"), r"\1<TIME>"),
    (re.compile(r"\buser [^,]+, sys [^,]+, max_rss .+"), "user <TIME>, sys <TIME>, max_rss <SIZE>"),
    (re.compile(r"( +\d+) +[\d.]+ (?:ns|us|ms|s|min)(?=  (?:complete|interrupted|cut off|has failures))"),
     r"\1 <TIME>"),
]
DISTURBED = re.compile(
    r"^disturbed +samples +median +without\n(?:.+\n)*\n|^ *without disturbed samples: .*\n", re.M)
WARNINGS = re.compile(r"(\A|\n)((?:^warning: .*\n(?: {9}.*\n)*)+)", re.M)
WARNING = re.compile(r"^warning: .*\n(?: {9}.*\n)*", re.M)
RUN_ID = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b")


def quiet_warnings(match):
    """Warnings without those about other programs, whatever their lines are broken at."""
    kept = [block for block in WARNING.findall(match.group(2))
            if not re.search(r"samples\s+were\s+disturbed|without\s+disturbed\s+samples", block)]
    return match.group(1) + "".join(kept) if kept else ""


class Problem(Exception):
    """A transcript that cannot be read."""


class Command:
    def __init__(self, text, line):
        self.text = text
        self.line = line
        self.expected = []


def read(path):
    """The transcript as a list of lines for people (str) and commands, in order."""
    parts = []
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        last = parts[-1] if parts and isinstance(parts[-1], Command) else None
        if line.startswith(PREFIX + "$ "):
            parts.append(Command(line[len(PREFIX) + 2 :], number))
        elif last and line.startswith(PREFIX + "> ") and not last.expected:
            last.text += "\n" + line[len(PREFIX) + 2 :]
        elif last and line == PREFIX + ">" and not last.expected:
            last.text += "\n"
        elif last and (line.startswith(PREFIX) or not line):
            last.expected.append(line[len(PREFIX) :])
        elif line.startswith(PREFIX):
            raise Problem(f"{path}:{number}: this is printed by no command")
        else:
            parts.append(line)
    for part in parts:
        if isinstance(part, Command):
            # Empty lines between a command and the prose below it belong to neither.
            part.gap = 0
            while part.expected and not part.expected[-1]:
                part.expected.pop()
                part.gap += 1
    return parts


def environment(tare, suites, folder):
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                                "LLVM_PROFILE_FILE") if name in os.environ}
    kept.update({
        "PATH": os.pathsep.join([os.path.dirname(tare), os.environ.get("PATH", os.defpath)]),
        "HOME": folder,
        "NO_COLOR": "1",
        "TERM": "dumb",
        "TZ": "UTC",
        "SUITES": suites,
        "TESTS": os.path.dirname(os.path.abspath(__file__)),
        "PYTHONDONTWRITEBYTECODE": "1",
    })
    return kept


class Normaliser:
    def __init__(self, folders):
        self.folders = folders
        self.runs = {}

    def run_name(self, match):
        return self.runs.setdefault(match.group(0), f"RUN-{len(self.runs) + 1}")

    def __call__(self, text):
        for folder, name in self.folders:
            text = text.replace(folder, name)
        text = RUN_ID.sub(self.run_name, text)
        text = WARNINGS.sub(quiet_warnings, DISTURBED.sub("", text))
        for pattern, replacement in REPLACED:
            text = pattern.sub(replacement, text)
        return text


def execute(command, folder, env, normalise):
    """What a command printed, as the lines of a transcript."""
    done = subprocess.run(["/bin/sh", "-c", command.text], cwd=folder, env=env, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=COMMAND_TIMEOUT_S)
    lines = [line.rstrip() for line in
             normalise(done.stdout.decode("utf-8", "backslashreplace")).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    # A signal's number is what the shell would say.
    code = 128 - done.returncode if done.returncode < 0 else done.returncode
    if code:
        lines.append(f"[exit {code}]")
    return lines


def show(parts, outputs):
    """The transcript with these outputs."""
    lines = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
            continue
        if outputs[part] and outputs[part][0].startswith("> "):
            raise Problem(f"line {part.line}: what is printed looks like a command; pipe it through sed")
        first, *rest = part.text.split("\n")
        lines.append(f"{PREFIX}$ {first}")
        lines.extend(f"{PREFIX}> {line}".rstrip() for line in rest)
        lines.extend(f"{PREFIX}{line}".rstrip() for line in outputs[part])
        lines.extend([""] * part.gap)
    return lines


def run(tare, suites, path):
    parts = read(path)
    commands = [part for part in parts if isinstance(part, Command)]
    if not commands:
        raise Problem(f"{path}: there is no command in it")
    with tempfile.TemporaryDirectory(prefix="tare-cli-") as folder:
        folder = os.path.realpath(folder)
        env = environment(tare, suites, folder)
        normalise = Normaliser([(folder, "DIR"), (suites, "SUITES")])
        outputs = {command: execute(command, folder, env, normalise) for command in commands}
        # A test may have taken the right to write away.
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
    expected = show(parts, {command: command.expected for command in commands})
    return expected, show(parts, outputs), len(commands)


def main():
    if len(sys.argv) != 4:
        sys.exit("\n".join(__doc__.splitlines()[2:3]))
    tare, suites, path = (os.path.abspath(argument) for argument in sys.argv[1:])
    try:
        expected, printed, count = run(tare, suites, path)
    except (Problem, OSError, subprocess.TimeoutExpired) as error:
        sys.exit(str(error))
    name = os.path.basename(path)
    if expected == printed:
        print(f"{name}: {count} commands, as expected")
        return 0
    sys.stdout.writelines(line + "\n" for line in difflib.unified_diff(
        expected, printed, f"{name} (expected)", f"{name} (printed)", lineterm=""))
    if os.environ.get("TARE_UPDATE_GOLDEN") == "1":
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in printed)
        print(f"{name}: written")
        return 0
    print(f"{name}: differs; TARE_UPDATE_GOLDEN=1 takes over what was printed")
    return 1


if __name__ == "__main__":
    sys.exit(main())
