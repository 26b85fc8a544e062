/* Sorting, filtering, copying and hover. The page is complete without it: everything it needs is in
   the document, and what only works with it is hidden until it runs. */
"use strict";
(function () {
	/* From here on the style shows only the first rows, before any is laid out. */
	document.documentElement.className = "js";

	var PAGE = 250; /* rows shown at first, as in the style; more on demand */

	function each(selector, action) {
		Array.prototype.forEach.call(document.querySelectorAll(selector), action);
	}

	/* The table: one row object per tr, its sort keys read when first needed. */
	/* What the short units of the page hold of their base units. */
	var UNITS = {
		us: 1e3, ms: 1e6, s: 1e9, "%": 0.01, k: 1e3, M: 1e6, G: 1e9, T: 1e12,
		KiB: 1024, MiB: 1048576, GiB: 1073741824, TiB: 1099511627776,
		"kB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9, "TB/s": 1e12
	};
	var VERDICTS = ["v-r", "v-i", "v-n", "v-q"];

	function readNumber(text) {
		var parts = /^[+\-]?[\d.]+(?:e[+\-]?\d+)?\s*(\S*)/.exec(text);
		return parts ? parseFloat(text) * (UNITS[parts[1]] || 1) : NaN;
	}

	function readKey(row, column, numeric) {
		var cell = row.tr.cells[column];
		if (cell.classList.contains("v"))
			return String(VERDICTS.indexOf(cell.classList[1]));
		return numeric ? readNumber(cell.textContent) : cell.textContent;
	}

	function key(row, column, numeric) {
		if (!(column in row.keys))
			row.keys[column] = readKey(row, column, numeric);
		return row.keys[column];
	}

	function compare(a, b, sign) {
		if (typeof a === "number") {
			/* Cells without a number stay at the end either way. */
			if (isNaN(a) || isNaN(b))
				return (isNaN(a) ? 1 : 0) - (isNaN(b) ? 1 : 0);
			return sign * (a - b);
		}
		return sign * a.localeCompare(b, undefined, { numeric: true });
	}

	function Grid(table, controls) {
		var body = table.tBodies[0];
		this.body = body;
		this.heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
		this.rows = Array.prototype.map.call(body.rows, function (tr, i) {
			return { tr: tr, at: i, keys: {} };
		});
		this.text = controls.querySelector("[data-filter=text]");
		this.metric = controls.querySelector("[data-filter=metric]");
		this.verdict = controls.querySelector("[data-filter=verdict]");
		this.output = controls.querySelector("output");
		this.more = controls.querySelector("button");
		this.limit = PAGE;
		this.column = -1;
		this.sign = 1;
	}

	Grid.prototype.matches = function (row) {
		var words = this.text.value.toLowerCase().split(/\s+/);
		var text;
		if (this.metric.value && row.tr.cells[1].textContent !== this.metric.value)
			return false;
		if (this.verdict && this.verdict.value &&
			!row.tr.querySelector("." + this.verdict.value))
			return false;
		if (!this.text.value)
			return true;
		text = row.text || (row.text = row.tr.textContent.toLowerCase());
		return words.every(function (word) {
			return text.indexOf(word) >= 0;
		});
	};

	Grid.prototype.show = function () {
		var grid = this;
		var found = 0;
		this.rows.forEach(function (row) {
			var yes = grid.matches(row);
			row.tr.hidden = !yes || found >= grid.limit;
			found += yes ? 1 : 0;
		});
		var shown = Math.min(found, this.limit);
		this.output.textContent = shown + " of " + this.rows.length + " rows" +
			(found > shown ? " (" + found + " match)" : "");
		this.more.hidden = found <= shown;
		this.more.textContent = "Show all " + found;
	};

	Grid.prototype.sort = function (column) {
		var grid = this;
		var numeric = this.heads[column].hasAttribute("data-n");
		var fragment = document.createDocumentFragment();
		this.sign = this.column === column ? -this.sign : 1;
		this.column = column;
		this.rows.sort(function (a, b) {
			return compare(key(a, column, numeric), key(b, column, numeric), grid.sign) || a.at - b.at;
		});
		this.rows.forEach(function (row) {
			fragment.appendChild(row.tr);
		});
		this.body.appendChild(fragment);
		this.heads.forEach(function (head, i) {
			if (i === column)
				head.setAttribute("aria-sort", grid.sign > 0 ? "ascending" : "descending");
			else
				head.removeAttribute("aria-sort");
		});
		this.show();
	};

	Grid.prototype.start = function (controls) {
		var grid = this;
		var names = {};
		var refresh = function () {
			grid.limit = PAGE;
			grid.show();
		};
		this.rows.forEach(function (row) {
			names[row.tr.cells[1].textContent] = true;
		});
		Object.keys(names).forEach(function (name) {
			grid.metric.add(new Option(name, name));
		});
		this.heads.forEach(function (head, i) {
			var button = document.createElement("button");
			button.type = "button";
			button.textContent = head.textContent;
			button.addEventListener("click", function () {
				grid.sort(i);
			});
			head.replaceChildren(button);
		});
		[this.text, this.metric, this.verdict].forEach(function (input) {
			if (input)
				input.addEventListener("input", refresh);
		});
		this.more.addEventListener("click", function () {
			grid.limit = Infinity;
			grid.show();
		});
		controls.hidden = false;
		this.show();
		this.body.parentNode.classList.add("live");
	};

	function startGrid() {
		var table = document.getElementById("grid");
		var controls = document.getElementById("grid-controls");
		if (table && controls)
			new Grid(table, controls).start(controls);
	}

	/* Copying: the clipboard where the browser has one, else the old way. */
	function copyOldWay(node) {
		var range = document.createRange();
		range.selectNodeContents(node);
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		return document.execCommand("copy");
	}

	function startCopy(button) {
		var node = document.getElementById(button.getAttribute("data-copy"));
		var label = button.textContent;
		var say = function (text) {
			button.textContent = text;
			setTimeout(function () {
				button.textContent = label;
			}, 2000);
		};
		var fallback = function () {
			say(copyOldWay(node) ? "Copied" : "Press Ctrl+C");
		};
		button.hidden = false;
		button.addEventListener("click", function () {
			if (!navigator.clipboard)
				fallback();
			else
				navigator.clipboard.writeText(node.textContent).then(function () {
					say("Copied");
				}, fallback);
		});
	}

	/* Hover: the dots of a chart are "Mx yh0" in one path per variant; the nearest one is told. */
	function dots(chart) {
		var list = [];
		Array.prototype.forEach.call(chart.querySelectorAll(".d[data-l]"), function (path) {
			var pattern = /M(-?[\d.]+) (-?[\d.]+)h0/g;
			var match;
			while ((match = pattern.exec(path.getAttribute("d"))))
				list.push({ x: +match[1], y: +match[2], label: path.getAttribute("data-l") });
		});
		return list;
	}

	/* The title becomes a label: else the browser would show it on top of the tip. */
	function prepare(chart) {
		var title = chart.querySelector("title");
		chart.dots = dots(chart);
		if (title) {
			chart.setAttribute("aria-label", title.textContent);
			title.remove();
		}
	}

	function nearest(list, x, y, scaleX, scaleY) {
		var best = null;
		var least = 18 * 18;
		list.forEach(function (dot) {
			var dx = (dot.x - x) * scaleX;
			var dy = (dot.y - y) * scaleY;
			if (dx * dx + dy * dy < least) {
				least = dx * dx + dy * dy;
				best = dot;
			}
		});
		return best;
	}

	function startHover() {
		var tip = document.createElement("div");
		tip.className = "tip";
		tip.hidden = true;
		document.body.appendChild(tip);
		document.addEventListener("pointermove", function (event) {
			var chart = event.target.closest && event.target.closest(".chart");
			var box, view, dot, low, high, value;
			tip.hidden = true;
			if (!chart)
				return;
			box = chart.getBoundingClientRect();
			view = chart.viewBox.baseVal;
			if (!chart.dots)
				prepare(chart);
			dot = nearest(chart.dots, (event.clientX - box.left) * view.width / box.width,
				(event.clientY - box.top) * view.height / box.height,
				box.width / view.width, box.height / view.height);
			if (!dot)
				return;
			low = +chart.getAttribute("data-low");
			high = +chart.getAttribute("data-high");
			value = high - dot.y / view.height * (high - low);
			tip.textContent = (dot.label ? dot.label + ": " : "") + Number(value.toPrecision(4)) +
				" " + chart.getAttribute("data-unit");
			tip.hidden = false;
			tip.style.left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 4) + "px";
			tip.style.top = event.clientY - 32 + "px";
		});
	}

	/* A link to a case opens it. */
	function openTarget() {
		var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
		var details = target && target.closest("details");
		if (details && !details.open) {
			details.open = true;
			target.scrollIntoView();
		}
	}

	function startCases() {
		var button = document.getElementById("toggle-cases");
		addEventListener("hashchange", openTarget);
		openTarget();
		if (!button)
			return;
		button.hidden = false;
		button.addEventListener("click", function () {
			var open = button.getAttribute("data-open") !== "yes";
			button.setAttribute("data-open", open ? "yes" : "no");
			button.textContent = open ? "Close all" : "Open all";
			each("details.case", function (details) {
				details.open = open;
			});
		});
	}

	document.addEventListener("DOMContentLoaded", function () {
		startGrid();
		startCases();
		startHover();
		each("[data-copy]", startCopy);
	});
})();
