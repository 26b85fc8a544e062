#!/bin/sh
# Every header compiles alone, and may be included twice. Prints the compiler's words for each that
# does not.
#
# usage: check.sh COMPILER SOURCE_DIR BUILD_DIR
set -eu

compiler=$1
source_dir=$2
build_dir=$3
count=0
failed=0

cd "$source_dir"
headers=$(find harness runners report tests -name '*.h' | LC_ALL=C sort)
for header in $headers; do
	count=$((count + 1))
	printf '#include "%s"\n#include "%s"\ntypedef int not_empty;\n' "$header" "$header" |
		"$compiler" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wcast-qual -Wundef -Werror \
			-Wno-unused-function -I . -I "$build_dir/include" -fsyntax-only -x c - || {
		echo "$header: does not compile alone"
		failed=$((failed + 1))
	}
done
echo "$count headers, $failed that do not compile alone"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
