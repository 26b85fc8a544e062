#!/usr/bin/env python3
"""Prints parts of a JSON file, one line for each value.

usage: json_path.py FILE KEY... [ '[]' KEY... ]

Keys go down into mappings, numbers into lists. After '[]' the place is a list, and each line holds the
named parts of one member, separated by " | ".
"""

import json
import sys


def go(place, key):
    return place[int(key)] if isinstance(place, list) else place[key]


def show(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        place = json.load(file)
    keys = sys.argv[2:]
    while keys and keys[0] != "[]":
        place = go(place, keys.pop(0))
    if not keys:
        print(show(place))
        return
    for member in place:
        values = []
        for key in keys[1:]:
            value = member
            for part in key.split("."):
                value = go(value, part)
            values.append(show(value))
        print(" | ".join(values))


if __name__ == "__main__":
    main()
