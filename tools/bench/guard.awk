# SPDX-License-Identifier: GPL-2.0
#
# Two files: the baseline, and what selftests/bench measured now. What an
# operation costs alone and what watching adds must both be within 10 %, the
# latter or within is_near()'s noise: the whole within 10 % would hide that
# watching costs twice as much. Cheaper fails as dearer does, for a stale
# baseline guards nothing.

FNR == NR {
	if ($1 == kernel) {
		alone[$2, $3] = $4
		added[$2, $3] = $5
		order[++nr] = $2 SUBSEP $3
	}
	next
}

function abs(a) { return a < 0 ? -a : a }

# Within 10 %, or within what no two boots agree on: faults repeat to the
# instruction, the rest by how the allocators happen to stand.
function is_near(now, then, noise,    slack) {
	slack = abs(then) * 0.1
	return abs(now - then) <= (slack > noise ? slack : noise)
}

function verdict(good, what) {
	print (good ? "ok - " : "not ok - ") what
	if (good) passed++; else failed++
}

{
	seen[$1, $2] = 1
	name = "bench on " kernel ": " $2 " under " $1
	if (!(($1, $2) in added)) {
		verdict(0, name " has no baseline")
		next
	}
	noise = $3 * ($2 ~ /^touch/ ? 0.003 : 0.01)
	good = is_near($3, alone[$1, $2], 0) && is_near($4, added[$1, $2], noise)
	verdict(good, sprintf("%s: %d %+d instructions, baseline %d %+d", name,
		$3, $4, alone[$1, $2], added[$1, $2]))
	is_stale = is_stale || !good
}

END {
	for (i = 1; i <= nr; i++) {
		split(order[i], part, SUBSEP)
		if (!(order[i] in seen))
			verdict(0, "bench on " kernel ": " part[2] " under " part[1] " was not measured")
	}
	if (is_stale)
		print "# if that is as it should be: selftests/bench --accept " kernel
	printf "%d passed, %d failed, 0 skipped\n", passed, failed
	exit failed || !passed
}
