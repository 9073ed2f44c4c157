# SPDX-License-Identifier: GPL-2.0
#
# Two files: the baseline, and what selftests/bench measured now. Whole
# operations within 10 % would hide a doubled cost of watching: what is added
# must be within 10 % too. Cheaper than that is no failure, but said.

FNR == NR {
	if ($1 == kernel) {
		base[$2] = $3
		limit[$2] = $4
	}
	next
}

function verdict(good, what) {
	print (good ? "ok - " : "not ok - ") what
	if (good) passed++; else failed++
}

{
	seen[$1] = 1
	if (!($1 in limit)) {
		skipped++
		print "ok - bench: " $1 " on " kernel " # SKIP no baseline: selftests/bench --accept " kernel
		next
	}
	slack = limit[$1] * 0.1
	if (slack < base[$1] * 0.005)
		slack = base[$1] * 0.005
	verdict($3 <= limit[$1] + slack, sprintf("bench: %s on %s: +%d instructions, baseline +%d",
		$1, kernel, $3, limit[$1]))
	if ($3 < limit[$1] - slack)
		print "# cheaper than the baseline: selftests/bench --accept " kernel
}

END {
	for (op in limit)
		if (!(op in seen))
			verdict(0, "bench: " op " on " kernel " was not measured")
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed || !(passed + skipped)
}
