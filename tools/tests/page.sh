# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Opens the page of report in headless Chromium: it must not complain, and what
# it shows must be what the JSON has. Sourced by run.sh, whose variables and
# verdict() it uses, and judge() of export.sh.

# What the browser shows, as JSON: behind the page, so that all of it is there.
probe()
{
	cat <<-'END'
	<pre id="probe"></pre><script>
	const text = (e) => e.innerText, is_seen = (e) => e.getBoundingClientRect().width > 0;
	const bytes = (g) => Number(/\((\d+) bytes\)$/.exec(g.querySelector("title").textContent)[1]);
	const seen = {
		sums: ["grown", "given_back", "unowned"].map((id) =>
			Number(text(document.getElementById(id)))),
		paths: [...document.querySelectorAll("#paths tr")].slice(1).map((row) =>
			[...row.cells].map((c, i) => i < 4 ? Number(text(c)) : text(c))),
		flame: [...document.querySelectorAll("svg g")].map((g) =>
			[g.querySelector("rect").getBoundingClientRect().width, bytes(g)]),
		lost: text(document.querySelector(".lost")).match(/\d+/g).map(Number),
		pictures: [...document.querySelectorAll("svg")].filter(is_seen).length,
		loaded: performance.getEntriesByType("resource").map((r) => r.name),
	};
	document.getElementById("probe").textContent =
		btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(seen))));
	</script>
	END
}

# browse FILE: its document as it is in the end, in $work/dom; the console in $work/console
browse()
{
	timeout 120 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--user-data-dir="$work/chromium" --enable-logging=stderr --window-size=1280,2000 \
		--virtual-time-budget=5000 --dump-dom "file://$1" >"$work/dom" 2>"$work/err" ||
		return
	grep ':CONSOLE[:(]' "$work/err" >"$work/console"
	return 0
}

# The page of a recording, as it is, and what the browser showed of it.
open_page()
{
	"$tool" report --html "recordings/$1" >"$work/page" &&
		probe | cat "$work/page" - >"$work/page.html" && browse "$work/page.html" &&
		sed -n 's/.*<pre id="probe">\([^<]*\)<.*/\1/p' "$work/dom" | base64 -d >"$work/seen"
}

# Both in one form: numbers as they are, widths of the flame graph by their share.
compare_page()
{
	jq -n --slurpfile seen "$work/seen" --slurpfile said "$work/said" '
		($said[0]) as $j | ($seen[0]) as $s |
		([$j.paths[].kept_bytes] | add // 0) as $kept |
		if $s.sums != [$j.grown_bytes, $j.given_back_bytes, $j.unowned_bytes]
			then "sums: \($s.sums)"
		elif $s.lost != [$j.lost_changes, $j.lost_answers, $j.lost_mappings, $j.lost_children]
			then "losses: \($s.lost)"
		elif ([$s.paths[] | .[4] |= gsub("\\s+"; " ")] !=
		      [$j.paths[] | [.kept_bytes, .grown_bytes, .given_back_bytes, .changes,
				     (.path | gsub("\\s+"; " "))]])
			then "paths: \($s.paths)"
		elif $kept > 0 and $s.flame[0][1] != $kept then "flame: \($s.flame[0])"
		elif any($s.flame[]; (.[0] / $s.flame[0][0] - .[1] / $kept) | fabs > 0.001)
			then "widths: \($s.flame)"
		elif $s.loaded != [] then "loaded: \($s.loaded)"
		else "\($s.paths | length) paths, \($s.flame | length) boxes, \($s.pictures) pictures"
		end' -r
}

check_shown()
{
	local recording="$1" pictures="$2" said

	open_page "$recording" || { cat "$work/err"; return 1; }
	"$tool" report --json "recordings/$recording" >"$work/said"
	said=$(compare_page)
	echo "$said"
	cat "$work/console"
	[ ! -s "$work/console" ] && [ "${said##*, }" = "$pictures pictures" ]
}

# If the browser did not say so, nobody would know.
sees_errors()
{
	echo '<!DOCTYPE html><script>nowhere()</script>' >"$work/page.html"
	browse "$work/page.html" && grep -q 'nowhere is not defined' "$work/console"
}

check_rendering()
{
	local name pictures

	if ! command -v chromium >/dev/null; then
		verdict ok page "no chromium: selftests/install-deps long, or BRKWATCH_LONG=1 make check"
		return
	fi
	cd "$work/dumps" || return
	judge page_error_seen sees_errors
	while read -r name pictures; do
		judge "page_$name" check_shown "$name" "$pictures"
		sed 's/^/# /' "$work/judged"
	done <<-END
	c 4
	python 4
	family 4
	odd_bytes 2
	nothing 1
	END
	cd - >/dev/null || return
}
