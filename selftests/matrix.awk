# SPDX-License-Identifier: GPL-2.0
# The logs of matrix, one a kernel, as one table.

function set(row, what)
{
	if (!(row in seen)) {
		seen[row] = 1
		rows[++nr_rows] = row
	}
	cell[row, nr_kernels] = what
	if (length(what) > width[nr_kernels])
		width[nr_kernels] = length(what)
}

FNR == 1 {
	nr_kernels++
	name = FILENAME
	sub(/.*\/matrix-/, "", name)
	sub(/\.log$/, "", name)
	title[nr_kernels] = name
	width[nr_kernels] = length(name)
}

/^release / { set("release", $2) }
/^skipped / { set("release", "(skipped)") }
/^ok [0-9]+ selftests: brkwatch: / { set($5, / # SKIP/ ? "skip" : "ok") }
/^not ok [0-9]+ selftests: brkwatch: / { set($6, "FAIL") }

# What the guest checks itself; twice, as there are two boots.
/^(not )?ok [0-9]+ vmtest: / {
	is_bad = $1 == "not"
	sub(/^(not )?ok [0-9]+ vmtest: /, "")
	if (is_bad || cell[$0, nr_kernels] != "FAIL")
		set($0, is_bad ? "FAIL" : "ok")
}

# hook NAME SYMBOL KIND ARMED HITS MISSED, before the tests of each boot
/^# hook / && !((FILENAME, $3) in hook) {
	hook[FILENAME, $3] = 1
	nr_hooks[nr_kernels]++
	nr_armed[nr_kernels] += $6
	if ($6)
		nr_kind[nr_kernels, $5]++
	else
		without[nr_kernels] = without[nr_kernels] " " $3
}

/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
	sum[nr_kernels] = $1 + 0 "/" $3 + 0 "/" $5 + 0
}

function of_kind(k, kind)
{
	return nr_kind[k, kind] ? nr_kind[k, kind] : "-"
}

END {
	last = nr_kernels
	for (nr_kernels = 1; nr_kernels <= last; nr_kernels++) {
		if (nr_hooks[nr_kernels]) {
			set("hooks", nr_armed[nr_kernels] " of " nr_hooks[nr_kernels])
			set("  by ftrace", of_kind(nr_kernels, "ftrace"))
			set("  by kprobe", of_kind(nr_kernels, "kprobe"))
			set("  by tracepoint", of_kind(nr_kernels, "tracepoint"))
		}
		set("passed/failed/skipped", sum[nr_kernels] ? sum[nr_kernels] : "-")
	}
	for (i = 1; i <= nr_rows; i++)
		if (length(rows[i]) > first)
			first = length(rows[i])
	printf "%-*s", first, "kernel"
	for (k = 1; k <= last; k++)
		printf "  %-*s", width[k], title[k]
	print ""
	for (i = 1; i <= nr_rows; i++) {
		printf "%-*s", first, rows[i]
		for (k = 1; k <= last; k++)
			printf "  %-*s", width[k], (rows[i], k) in cell ? cell[rows[i], k] : "-"
		print ""
	}
	for (k = 1; k <= last; k++)
		if (without[k])
			print title[k] " lacks" without[k]
}
