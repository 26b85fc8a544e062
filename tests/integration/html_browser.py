#!/usr/bin/env python3
"""Opens the HTML report in headless Chromium and looks at it as readers do.

usage: html_browser.py BENCH_HTML

BENCH_HTML writes the reports. With TARE_PICTURES=DIR in the environment, pictures of the pages are
left there to be looked at. Without a browser the test is skipped, or fails where CI is true.
"""

import os
import subprocess
import sys
import tempfile

from chromium import Chromium, find_chromium

SKIPPED = 77

# Text whose contrast with its background is below AA: 4.5, or 3 for large text.
FAINT_TEXT = """
(() => {
	const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
	const channel = (c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
	const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
	const ground = (node) => {
		for (; node; node = node.parentElement) {
			const color = numbers(getComputedStyle(node).backgroundColor);
			if (color.length === 3 || color[3] === 1)
				return color;
		}
		return [255, 255, 255];
	};
	const faint = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const node = walker.currentNode.parentElement;
		if (!walker.currentNode.data.trim() || !node.checkVisibility())
			continue;
		const style = getComputedStyle(node);
		const svg = node instanceof SVGElement;
		const a = light(numbers(svg ? style.fill : style.color));
		const b = light(ground(node));
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (contrast < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5))
			faint.push(`${contrast.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
	}
	return faint;
})()
"""


class Failures:
    """Counts what was checked and says what failed."""

    def __init__(self):
        self.checked = 0
        self.failed = 0

    def check(self, good, what, detail=""):
        """One thing that must hold."""
        self.checked += 1
        if not good:
            self.failed += 1
            print(f"FAILED: {what}: {detail}")


class Reports:
    """Writes reports on demand."""

    def __init__(self, bench_html, folder):
        self.bench_html = bench_html
        self.folder = folder

    def write(self, kind, groups, samples, metrics):
        """The path of a fresh report."""
        path = os.path.join(self.folder, f"{kind}-{groups}.html")
        subprocess.run([self.bench_html, kind, str(groups), str(samples), metrics, path],
                       check=True, stdout=subprocess.DEVNULL)
        return path


def keep_picture(page, name):
    """Leaves a picture where somebody asked for them."""
    folder = os.environ.get("TARE_PICTURES")
    if folder:
        page.picture(os.path.join(folder, name + ".png"))


def loads_quietly(failures, browser, reports):
    """No complaint of the browser, nothing asked of the network, nothing wider than the screen."""
    for kind in ("variants", "runs", "plain", "hostile"):
        path = reports.write(kind, 8, 20, "all")
        for width in (1280, 360):
            page = browser.page(width=width)
            page.open(path)
            keep_picture(page, f"{kind}-{width}")
            failures.check(not page.complaints(), f"{kind}: complaints", page.complaints())
            failures.check(not page.requests(), f"{kind}: requests", page.requests())
            wide = page.run("document.documentElement.scrollWidth")
            failures.check(wide <= width, f"{kind}: width at {width}", wide)
            cut = page.run("[...document.querySelectorAll('.forest, .tiles, .facts, .look-plot')]"
                           f".filter(node => node.getBoundingClientRect().right > {width})"
                           ".map(node => node.className)")
            failures.check(not cut, f"{kind}: cut off at {width}", cut)
            page.close()


def hostile_text_stays_text(failures, browser, reports):
    """A benchmark named <script> is read and not run."""
    page = browser.page()
    page.open(reports.write("hostile", 3, 8, "all"))
    failures.check(page.run("document.title").startswith("<script>document.title='owned'"),
                   "title of the hostile page", page.run("document.title"))
    failures.check(page.run("document.scripts.length") == 1, "scripts of the hostile page")
    failures.check(page.run("document.images.length") == 0, "images of the hostile page")
    failures.check(page.run("document.querySelector('#c0').closest('details')"
                            ".querySelector('h3').textContent").startswith("<script>"),
                   "the benchmark's name is shown")
    page.close()


def table_sorts_and_filters(failures, browser, reports):
    """The column heads sort, the controls filter, long tables are shown in parts."""
    page = browser.page()
    page.open(reports.write("variants", 40, 8, "all"))
    shown = "[...document.querySelectorAll('#grid tbody tr')].filter(row => !row.hidden)"
    failures.check(page.run(f"{shown}.length") == 250, "rows shown at first",
                   page.run(f"{shown}.length"))
    page.run("document.querySelector('#grid-controls button').click()")
    failures.check(page.run(f"{shown}.length") == 410, "rows shown on demand",
                   page.run(f"{shown}.length"))
    page.run("document.querySelectorAll('#grid thead button')[4].click()")
    changes = page.run(f"{shown}.slice(0, 300).map(row => parseFloat(row.cells[4].textContent))")
    failures.check(changes == sorted(changes), "sorted by change", changes[:10])
    failures.check(page.run("document.querySelectorAll('#grid th')[4].ariaSort") == "ascending",
                   "the sorted column says so")
    page.run("document.querySelectorAll('#grid thead button')[2].click()")
    medians = page.run(f"{shown}.map(row => row.cells[2].textContent)")
    scale = {"": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "KiB": 1024, "MiB": 1 << 20, "MB/s": 1e6}
    values = [float(text.split()[0]) * scale[(text.split() + [""])[1]] for text in medians
              if text != "–"]
    failures.check(values == sorted(values), "sorted by a value with units", medians[:10])
    page.run("""(() => {
        const select = document.querySelector('[data-filter=metric]');
        select.value = 'wall';
        select.dispatchEvent(new Event('input'));
        const verdict = document.querySelector('[data-filter=verdict]');
        verdict.value = 'v-r';
        verdict.dispatchEvent(new Event('input'));
    })()""")
    rows = page.run(f"{shown}.map(row => row.cells[1].textContent + row.cells[6].textContent)")
    failures.check(rows and set(rows) == {"wallregression"}, "filtered by metric and verdict", rows)
    page.close()


def cases_open_and_dots_tell_their_value(failures, browser, reports):
    """A link opens its case; over a dot its value appears; the command can be copied."""
    path = reports.write("variants", 40, 8, "all")
    page = browser.page()
    page.open(path, "#c3")
    failures.check(page.run("document.getElementById('c3').closest('details').open"),
                   "a link opens its case")
    spot = page.run("""(() => {
        const chart = document.querySelector('#c3 .chart');
        chart.scrollIntoView({block: 'center', behavior: 'instant'});
        const box = chart.getBoundingClientRect();
        const dot = /M([\\d.]+) ([\\d.]+)h0/.exec(chart.querySelector('[data-l]').getAttribute('d'));
        return [box.left + dot[1] / 640 * box.width, box.top + dot[2] / 150 * box.height];
    })()""")
    page.call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": spot[0], "y": spot[1]})
    tip = page.run("document.querySelector('.tip').hidden ? '' : "
                   "document.querySelector('.tip').textContent")
    failures.check(tip.startswith("base: ") and tip.endswith(" ms"), "a dot tells its value", tip)
    failures.check(page.run("!document.querySelector('[data-copy]').hidden"), "copy is offered")
    page.run("document.querySelector('#toggle-cases').click()")
    failures.check(page.run("document.querySelectorAll('details.case:not([open])').length") == 0,
                   "all cases open")
    page.close()


def reads_without_scripts(failures, browser, reports):
    """Every row is there, and nothing that would need the script."""
    page = browser.page(scripts=False)
    page.open(reports.write("variants", 40, 8, "all"))
    keep_picture(page, "without-scripts")
    rows = page.run("[...document.querySelectorAll('#grid tbody tr')]"
                    ".filter(row => row.getClientRects().length).length")
    failures.check(rows == 410, "rows without scripts", rows)
    dead = page.run("[...document.querySelectorAll('button, input, select')]"
                    ".filter(node => node.checkVisibility()).length")
    failures.check(dead == 0, "controls that do nothing without scripts", dead)
    page.close()


def contrast_is_enough(failures, browser, reports):
    """Text passes AA in both colour schemes."""
    path = reports.write("runs", 8, 20, "all")
    grounds = []
    for dark in (False, True):
        page = browser.page(dark=dark)
        page.open(path)
        keep_picture(page, "dark" if dark else "light")
        faint = page.run(FAINT_TEXT)
        failures.check(not faint, f"contrast, dark {dark}", faint[:5])
        grounds.append(page.run("getComputedStyle(document.body).backgroundColor"))
        page.close()
    failures.check(grounds[0] != grounds[1], "the dark page is another", grounds)


def screen_reader_finds_its_way(failures, browser, reports):
    """Landmarks, one level-1 heading, names for every picture, table and control."""
    page = browser.page()
    page.open(reports.write("variants", 8, 20, "wall"))
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    named = [(node["role"]["value"], node.get("name", {}).get("value", ""))
             for node in nodes if not node.get("ignored") and "role" in node]
    roles = [role for role, _ in named]
    for role in ("banner", "navigation", "main", "contentinfo"):
        failures.check(roles.count(role) == 1, f"landmark {role}", roles.count(role))
    for role in ("image", "img", "table", "region", "button", "combobox", "searchbox", "link"):
        nameless = [name for r, name in named if r == role and not name]
        failures.check(not nameless, f"{role} without a name", len(nameless))
    failures.check("image" in roles or "img" in roles, "charts are images", sorted(set(roles)))
    page.close()


def prints(failures, browser, reports):
    """Printing leaves out what paper cannot do."""
    page = browser.page()
    page.open(reports.write("variants", 8, 20, "all"))
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        page.pdf(file.name)
        failures.check(file.read(5) == b"%PDF-", "a PDF is printed")
    page.call("Emulation.setEmulatedMedia", {"media": "print"})
    page.call("Emulation.setDeviceMetricsOverride", {
        "width": 720, "height": 1000, "deviceScaleFactor": 1, "mobile": False})
    keep_picture(page, "print")
    seen = page.run("[...document.querySelectorAll('nav, .controls, button.plain')]"
                    ".filter(node => node.checkVisibility()).length")
    failures.check(seen == 0, "controls on paper", seen)
    wide = page.run("document.documentElement.scrollWidth")
    failures.check(wide <= 720, "width on paper", wide)
    page.close()


def two_thousand_cases_open_smoothly(failures, browser, reports):
    """Under 10 MB; the time, whose target is 2 s, is told and not judged."""
    for kind, groups in (("variants", 1000), ("runs", 2000), ("plain", 2000)):
        path = reports.write(kind, groups, 30, "all")
        size_mb = os.path.getsize(path) / 1e6
        failures.check(size_mb < 10, f"{kind}: size of 2,000 cases", f"{size_mb:.1f} MB")
        loads = []
        for _ in range(3):
            page = browser.page()
            page.call("Performance.enable")
            wall = page.open(path, timeout=120)
            metrics = page.call("Performance.getMetrics", timeout=120)["metrics"]
            work = next(m["value"] for m in metrics if m["name"] == "TaskDuration")
            loads.append((work, wall))
            page.close()
        work, wall = min(loads)
        print(f"{kind}: 2,000 cases, {size_mb:.1f} MB, loaded in {wall:.2f} s "
              f"({work:.2f} s of work)")


def main():
    """Runs every check and tells how it went."""
    path = find_chromium()
    if not path:
        print("skipped: no chromium; install Debian's package chromium, or set CHROMIUM")
        return 1 if os.environ.get("CI") == "true" else SKIPPED
    failures = Failures()
    with tempfile.TemporaryDirectory() as folder, Chromium(path) as browser:
        reports = Reports(sys.argv[1], folder)
        for test in (loads_quietly, hostile_text_stays_text, table_sorts_and_filters,
                     cases_open_and_dots_tell_their_value, reads_without_scripts,
                     contrast_is_enough, screen_reader_finds_its_way, prints,
                     two_thousand_cases_open_smoothly):
            test(failures, browser, reports)
            print(f"{test.__name__}: {failures.failed} failed so far")
    print(f"{failures.checked} checked, {failures.failed} failed")
    return 1 if failures.failed else 0


if __name__ == "__main__":
    sys.exit(main())
