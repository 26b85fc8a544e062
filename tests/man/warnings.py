#!/usr/bin/env python3
"""Compares tare-warnings(7) with the warnings of tare, which are in one table of the program.

usage: warnings.py TARE PAGE

TARE_UPDATE_GOLDEN=1 in the environment writes the list into the page instead. Between the two marks
everything is made; what stands before and after is written by hand.
"""

import json
import os
import subprocess
import sys

BEGIN = '.\\" The list is made from the program: see tests/man/warnings.py.\n'
END = '.\\" End of the list.\n'


def words(text):
    """Text for mdoc: nothing that roff takes for a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def item(warning):
    """One warning."""
    lines = [f".It Cm {warning['id']}", words(warning["meaning"][:1].upper() + warning["meaning"][1:]) + ".",
             ".Pp", "Why it matters: " + words(warning["why"]) + "."]
    for advice in warning["advices"]:
        where = words(advice["where"]) if advice["where"] else "otherwise"
        where = ", " + where if len(warning["advices"]) > 1 else ""
        lines += [".Pp", f"What to do{where}: {words(advice['text'])}."]
    return "\n".join(lines) + "\n"


def main():
    """0 where the page says what the program says."""
    tare, path = sys.argv[1:]
    listed = json.loads(subprocess.run([tare, "list", "warnings", "--format", "json"], check=True,
                                       stdout=subprocess.PIPE).stdout)
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin = page.index(BEGIN) + len(BEGIN)
    end = page.index(END)
    made = ".Bl -tag -width indent\n" + "".join(item(warning) for warning in listed) + ".El\n"
    if page[begin:end] == made:
        print(f"{len(listed)} warnings are in the page")
        return 0
    if os.environ.get("TARE_UPDATE_GOLDEN") == "1":
        with open(path, "w", encoding="utf-8") as file:
            file.write(page[:begin] + made + page[end:])
        return 0
    print(f"{os.path.basename(path)} is not what `tare list warnings` says; run this test with "
          "TARE_UPDATE_GOLDEN=1 and commit the page")
    return 1


if __name__ == "__main__":
    sys.exit(main())
