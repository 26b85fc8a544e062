#!/usr/bin/env python3
"""What the transcripts ask of a journal.

usage: journal.py order JOURNAL           the cases in the order they were measured
       journal.py edit JOURNAL FACT VALUE   a copy, on standard output, as if from another machine
"""

import hashlib
import json
import sys


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main():
    action, path = sys.argv[1:3]
    lines = lines_of(path)
    if action == "order":
        for line in lines:
            if line["type"] == "sample":
                print(line["case"], line["pair"])
        return
    fact, value = sys.argv[3:5]
    environment = lines[0]["environment"]
    for one in environment["facts"]:
        if one["key"] == fact:
            one["value"] = value
    environment["fingerprint"] = hashlib.sha256(value.encode()).hexdigest()
    lines[0]["run"] = lines[0]["run"][:-6] + environment["fingerprint"][:6]
    for line in lines:
        print(json.dumps(line))


if __name__ == "__main__":
    main()
