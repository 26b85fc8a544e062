#!/usr/bin/env python3
"""The statistics agree with scipy's on several hundred seeded inputs, ties included.

usage: scipy_oracle.py STATS_VALUES
Exits with 77 where scipy is missing, 1 where it is missing in CI. Another python3 may come first in
PATH than the one that Debian's packages are for: that one is tried too.
"""

import os
import subprocess
import sys
import warnings

DEBIAN_PYTHON = "/usr/bin/python3"

try:
    import numpy
    from scipy import stats
except ImportError as error:
    if sys.executable != DEBIAN_PYTHON and os.path.exists(DEBIAN_PYTHON) and "TARE_PYTHON" not in os.environ:
        os.environ["TARE_PYTHON"] = DEBIAN_PYTHON
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON] + sys.argv)
    print(f"skipped: {error}; apt-get install python3-scipy")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)

EXACT_MAX = 40  # values a side up to which scipy's exact distributions are quick
problems = []
checks = 0


def same(what, ours, theirs, tolerance=1e-9):
    """Relative to the larger one, or absolute where both are below 1."""
    global checks
    checks += 1
    if not abs(ours - theirs) <= tolerance * max(1.0, abs(ours), abs(theirs)):
        problems.append(f"{what}: {ours!r} here, {theirs!r} by scipy")


def holds(what, condition):
    global checks
    checks += 1
    if not condition:
        problems.append(what)


def draw(generator, n, kind):
    values = generator.normal(size=n)
    if kind == "ties":
        values = numpy.round(values * 2) / 2
    elif kind == "heavy":
        values = generator.standard_t(2, size=n)
    elif kind == "large":
        values = 1e12 + 1e9 * values
    return values


def check_paired(name, d, bound, got):
    estimate, low, high, z, above, below = got
    walsh = numpy.sort([(d[i] + d[j]) / 2 for i in range(len(d)) for j in range(i, len(d))])
    same(f"{name} estimate", estimate, float(numpy.median(walsh)))
    if (d != 0).any():
        p = stats.wilcoxon(d, correction=True, mode="approx").pvalue
        same(f"{name} z", 2 * stats.norm.sf(abs(z)), p, 1e-9)
    shifted = d - bound
    if len(set(abs(shifted))) < len(d) or (shifted == 0).any():
        return
    if len(d) > EXACT_MAX:
        return
    same(f"{name} p above", above, stats.wilcoxon(shifted, alternative="greater", mode="exact").pvalue)
    same(f"{name} p below", below, stats.wilcoxon(shifted, alternative="less", mode="exact").pvalue)
    if len(d) < 6:
        holds(f"{name} has no interval", numpy.isnan(low) or numpy.isinf(low))
        return
    # The interval is what the exact test does not refuse: it turns at its ends.
    for end, side, other in ((low, -1, "greater"), (high, 1, "less")):
        step = 1e-9 * max(1.0, abs(end))
        out = stats.wilcoxon(d - (end + side * step), alternative=other, mode="exact").pvalue
        inside = stats.wilcoxon(d - (end - side * step), alternative=other, mode="exact").pvalue
        holds(f"{name} interval: p {out:.4f} outside, {inside:.4f} inside", out <= 0.025 < inside)


def check_unpaired(name, x, y, bound, got):
    estimate, low, high, z, above, below, superiority = got
    differences = numpy.subtract.outer(y, x).ravel()
    same(f"{name} estimate", estimate, float(numpy.median(differences)))
    u = stats.mannwhitneyu(y, x, method="asymptotic")
    same(f"{name} superiority", superiority, u.statistic / (len(x) * len(y)))
    if len(set(numpy.concatenate([x, y]))) > 1:
        same(f"{name} z", min(1.0, 2 * stats.norm.sf(abs(z))), u.pvalue)
    if len(set(differences)) < len(differences) or bound in differences or max(len(x), len(y)) > EXACT_MAX:
        return

    def exact(shift, side):
        return stats.mannwhitneyu(y - shift, x, alternative=side, method="exact").pvalue

    same(f"{name} p above", above, exact(bound, "greater"))
    same(f"{name} p below", below, exact(bound, "less"))
    if not numpy.isfinite(low):
        holds(f"{name} has no interval", exact(min(differences) - 1, "greater") > 0.025)
        return
    for end, side, other in ((low, -1, "greater"), (high, 1, "less")):
        step = 1e-9 * max(1.0, abs(end))
        out, inside = exact(end + side * step, other), exact(end - side * step, other)
        holds(f"{name} interval: p {out:.4f} outside, {inside:.4f} inside", out <= 0.025 < inside)


def check_slope(name, y, got):
    slope, low, high, p, z = got
    n = len(y)
    x = numpy.arange(n)
    theirs = stats.theilslopes(y, x, 0.95)
    same(f"{name} slope", slope, theirs[0])
    holds(f"{name} interval", numpy.isnan(low) or low <= slope <= high)
    tau, p_scipy = stats.kendalltau(x, y, method="asymptotic")
    if n < 4 or not numpy.isfinite(tau) or tau == 0.0:
        return
    pairs = n * (n - 1) / 2
    ties = sum(t * (t - 1) / 2 for t in numpy.unique(y, return_counts=True)[1])
    score = tau * numpy.sqrt(pairs * (pairs - ties))
    deviation = abs(score) / stats.norm.isf(p_scipy / 2)
    # scipy does not correct for continuity.
    same(f"{name} Kendall's z", z, numpy.sign(score) * (abs(score) - 1) / deviation, 1e-6)
    same(f"{name} Kendall's p", p, min(1.0, 2 * stats.norm.sf(abs(z))))
    slopes = numpy.sort([(y[j] - y[i]) / (j - i) for i in range(n) for j in range(i + 1, n)])
    for end, end_scipy in ((low, theirs[2]), (high, theirs[3])):
        if numpy.isfinite(end):
            # With ties an end has several ranks, and the formulas round differently.
            first, first_scipy = numpy.searchsorted(slopes, numpy.array([end, end_scipy]) - 1e-12)
            last, last_scipy = numpy.searchsorted(slopes, numpy.array([end, end_scipy]) + 1e-12)
            apart = max(int(first) - int(last_scipy), int(first_scipy) - int(last))
            holds(f"{name} interval's rank {first}, {first_scipy} by scipy", apart <= 2)


def check_adjusted(name, p, got):
    n = len(p)
    order = numpy.argsort(p, kind="stable")
    holm, discovery = numpy.empty(n), numpy.empty(n)
    holm[order] = numpy.minimum(1, numpy.maximum.accumulate(p[order] * numpy.arange(n, 0, -1)))
    scaled = p[order] * n / numpy.arange(1, n + 1)
    discovery[order] = numpy.minimum(1, numpy.minimum.accumulate(scaled[::-1])[::-1])
    if hasattr(stats, "false_discovery_control"):
        discovery = stats.false_discovery_control(p)
    for i in range(n):
        same(f"{name} Holm {i}", got[i], holm[i])
        same(f"{name} Benjamini-Hochberg {i}", got[n + i], discovery[i])


def check_bootstrap(name, x, got):
    estimate, low, high = got
    theirs = stats.bootstrap((x,), numpy.mean, n_resamples=9999, method="BCa", random_state=1).confidence_interval
    width = theirs.high - theirs.low
    same(f"{name} mean", estimate, float(numpy.mean(x)))
    # Both ends are random: their standard error is about 1.5 % of the width each.
    for end, end_scipy in ((low, theirs.low), (high, theirs.high)):
        holds(f"{name}: {end!r} here, {end_scipy!r} by scipy", abs(end - end_scipy) <= 0.1 * width)


def requests():
    generator = numpy.random.default_rng(20260102)
    for trial in range(150):
        kind = ("plain", "ties", "heavy", "large")[trial % 4]
        m, n = (int(k) for k in generator.integers(3, 60 if trial % 5 == 0 else 22, size=2))
        scale = 1e9 if kind == "large" else 1.0
        x, y = draw(generator, m, kind), draw(generator, n, kind)
        d = draw(generator, m, kind if kind != "large" else "plain") + 0.3
        bound = float(generator.normal() * 0.3)
        yield "paired", f"paired {trial} ({kind}, n {m})", bound, d, None
        yield "unpaired", f"unpaired {trial} ({kind}, n {m}, {n})", bound * scale, x, y
        drift = d + 0.05 * numpy.arange(m) * (trial % 3)
        yield "slope", f"slope {trial} ({kind}, n {m})", 0.0, drift, None
        p = generator.uniform(size=m) ** 3
        if kind == "ties":
            p = numpy.round(p, 1)
        yield "adjusted", f"adjusted {trial}", 0.0, p, None
    for trial in range(8):
        yield "bootstrap", f"bootstrap {trial}", 0.0, generator.exponential(size=20 + 5 * trial), None


def line_of(word, bound, x, y):
    y = [] if y is None else y
    numbers = " ".join(repr(float(v)) for v in [*x, *y])
    return f"{word} {len(x)} {len(y)} {bound!r} {numbers}\n"


def main():
    warnings.simplefilter("ignore")
    asked = list(requests())
    text = "".join(line_of(word, bound, x, y) for word, _, bound, x, y in asked)
    answer = subprocess.run([sys.argv[1]], input=text, capture_output=True, text=True, check=True)
    lines = answer.stdout.splitlines()
    if len(lines) != len(asked):
        print(f"{len(asked)} requests, {len(lines)} answers")
        return 1
    for (word, name, bound, x, y), line in zip(asked, lines):
        got = [float(v) for v in line.split()]
        if word == "paired":
            check_paired(name, x, bound, got)
        elif word == "unpaired":
            check_unpaired(name, x, y, bound, got)
        elif word == "slope":
            check_slope(name, x, got)
        elif word == "adjusted":
            check_adjusted(name, x, got)
        else:
            check_bootstrap(name, x, got)
    for problem in problems[:20]:
        print(problem)
    print(f"{checks} comparisons on {len(asked)} inputs, {len(problems)} differ")
    return 1 if problems or checks < 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
