#!/bin/sh
# Stands for docker in tests: notes its words in `calls`, prints NAME.out, and fails with NAME.err
# where there is one, NAME being its first word ("image" stands for "image inspect").
here=$(dirname "$0")
echo "$*" >>"$here/calls"
[ ! -f "$here/$1.out" ] || cat "$here/$1.out"
[ -f "$here/$1.err" ] || exit 0
cat "$here/$1.err" >&2
exit 1
