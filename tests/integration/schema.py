#!/usr/bin/env python3
"""The JSON Schema and the decoder agree: what one takes, the other takes; what one refuses, too.

usage: schema.py TARE SUITES-FOLDER
Exits with 77 where a Python package is missing, 1 where it is missing in CI.
"""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"skipped: {error}; apt-get install python3-jsonschema python3-yaml")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)

# Suites below mean development, wherever the test runs.
os.environ.pop("CI", None)
os.environ.pop("TARE_ENVIRONMENT", None)

GOOD = {
    "suite": "good",
    "description": "d",
    "vars": {"a": "x", "n": 3},
    "gate": {"fail_on": ["regression", "inconclusive"]},
    "environments": {"ci": {"invocations": 3, "gate": "regression"}, "lab": None,
                     "nightly": {"samples": {"warmup": 1}, "resources": {"cpus": 1}}},
    "defaults": {"timeout": "1min", "env": {"A": "${a}"}, "margin": "3%"},
    "variants": {"base": None, "head": {"command": "other"}},
    "matrix": {"level": [1, 6.5, True], "exclude": [{"level": 1}], "include": [{"level": 7, "x": "y"}]},
    "benchmarks": [
        {
            "name": "one",
            "tags": ["fast"],
            "command": "prog -${level}",
            "build": "make",
            "setup": ["mkdir", "x"],
            "services": {"db": {"command": ["db"], "ready": {"tcp": 80}, "stop_timeout": "1s"}},
            "stdin": {"text": "hello"},
            "expect": {"exit": [0, 1], "stdout": "^a+$"},
            "warmup": "${n}",
            "invocations": {"min": 3, "max": 30},
            "precision": "1.5%",
            "metrics": {"speed": {"regex": "([0-9.]+)", "unit": "MB/s", "better": "higher"}},
            "margin": {"wall": "1%"},
            "critical": True,
            "cpus": 2,
        },
        {"name": "two", "replay": {"wall": ["10ms", "11ms", "12ms"], "user": {"distribution": "normal", "center": "1ms"}},
         "variants": ["a", {"name": "b", "replay": {"wall": "9ms"}}]},
    ],
}

# A place in GOOD, and what is wrong when this stands there.
BAD = [
    (["sute"], "x"),
    (["benchmarks", 0, "comand"], "x"),
    (["benchmarks", 0, "name"], ["x"]),
    (["benchmarks", 0, "shell"], "x"),
    (["benchmarks", 0, "warmup"], -1),
    (["benchmarks", 0, "warmup"], "many"),
    (["benchmarks", 0, "invocations"], "lots"),
    (["benchmarks", 0, "invocations"], {"min": 0}),
    (["benchmarks", 0, "precision"], 0.02),
    (["benchmarks", 0, "timeout"], "5 parsecs"),
    (["benchmarks", 0, "critical"], "yes"),
    (["benchmarks", 0, "stdout"], "trash"),
    (["benchmarks", 0, "setup"], []),
    (["benchmarks", 0, "env"], {"1A": "x"}),
    (["benchmarks", 0, "expect"], {"exit": 256}),
    (["benchmarks", 0, "matrix"], {"a": 1}),
    (["benchmarks", 0, "services"], {"db": {"command": "x", "ready": {"tcp": 1, "file": "x"}}}),
    (["benchmarks", 0, "services"], [{"command": "x"}]),
    (["benchmarks", 0, "metrics"], {"a": {"better": "more", "regex": "x"}}),
    (["benchmarks", 0, "gate"], "none"),
    (["benchmarks", 1, "replay"], {}),
    (["benchmarks", 1, "replay"], {"wall": {"distribution": "normal"}}),
    (["benchmarks"], "x"),
    (["environments"], {"ci": {"command": "x"}}),
    (["defaults"], {"name": "x"}),
    (["variants"], [{"command": "x"}]),
    (["gate"], {"fail_on": ["regresion"]}),
]


def tare_takes(tare, suite):
    """Whether `tare check` takes it, and what it says."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "suite.yaml")
        path.write_text(json.dumps(suite), encoding="utf-8")
        done = subprocess.run(
            [tare, "check", str(path)], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"tare check: exit code {done.returncode}: {done.stderr}")
    return done.returncode == 0, done.stderr


def changed(place, value):
    """GOOD with another value at a place."""
    suite = copy.deepcopy(GOOD)
    inner = suite
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return suite


class Loader(yaml.SafeLoader):
    """YAML 1.2, as tare and editors read it: on, off, yes and no are words."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def load(text):
    """What a YAML text holds."""
    return yaml.load(text, Loader)


def manual_examples(path, schema):
    """The examples of the manual as suites: whole ones, keys of a suite, and keys of a benchmark."""
    top = schema["properties"].keys() - schema["$defs"]["benchmark"]["properties"].keys()
    for text in re.findall(r"^```yaml\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S):
        example = load(text)
        if "suite" not in example and top & example.keys():
            example = {"suite": "s", "benchmarks": [{"name": "b", "command": "x"}], **example}
        elif "suite" not in example:
            work = {} if {"shell", "replay"} & example.keys() else {"command": "x"}
            example = {"suite": "s", "benchmarks": [{"name": "b", **work, **example}]}
        yield text, example


def main():
    """Runs all comparisons; the exit code."""
    tare, suites = sys.argv[1:]
    schema = json.loads(subprocess.run(
        [tare, "schema"], capture_output=True, text=True, timeout=60, check=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = []

    takes, text = tare_takes(tare, GOOD)
    if not takes:
        failures.append(f"tare refuses the good suite: {text}")
    failures += [f"the schema refuses the good suite: {e.message}" for e in validator.iter_errors(GOOD)]
    for place, value in BAD:
        suite = changed(place, value)
        if tare_takes(tare, suite)[0]:
            failures.append(f"tare takes {place} = {value!r}")
        if validator.is_valid(suite):
            failures.append(f"the schema takes {place} = {value!r}")
    for path in sorted(pathlib.Path(suites).glob("*.yaml")):
        suite = load(path.read_text(encoding="utf-8"))
        failures += [f"{path}: {e.json_path}: {e.message}" for e in validator.iter_errors(suite)]
    examples = list(manual_examples(pathlib.Path(suites, "README.md"), schema))
    for text, example in examples:
        takes, problems = tare_takes(tare, example)
        if not takes:
            failures.append(f"tare refuses an example of the manual:\n{text}{problems}")
        failures += [f"{text}{e.message}" for e in validator.iter_errors(example)]
    undocumented = [
        key for key in schema["$defs"]["benchmark"]["properties"]
        if not re.search(rf"^###.*\b{key}\b", pathlib.Path(suites, "README.md").read_text(
            encoding="utf-8"), re.M)]
    failures += [f"the manual does not describe {key}" for key in undocumented]
    for failure in failures:
        print(failure)
    print(f"{len(BAD)} bad suites, {len(examples)} examples, {len(failures)} disagreements")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
