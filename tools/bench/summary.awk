# SPDX-License-Identifier: GPL-2.0
#
# From the lines of selftests/bench-in-vm to what table.awk, json.awk and
# svg.awk show. One line each:
#
#   alone ACCOUNTS OPERATION MEDIAN LOW HIGH
#   added ACCOUNTS SETUP OPERATION ALONE MEDIAN LOW HIGH ADDED SPREAD
#   read ACCOUNTS FILE MEDIAN LOW HIGH
#   target met|missed|unknown VALUE LIMIT WHAT...
#   absent ACCOUNTS SETUP WHY...
#   fact KEY VALUE...
#
# What a setup adds is its median less the mean of those of the bare runs just
# before and after it; the spread is how far quartiles of the repeats lie from it.
# Of a setup that was attached several times it is the median of these, and the
# spread the most by which any of these says otherwise.

function max(a, b) { return a > b ? a : b }
function abs(a) { return a < 0 ? -a : a }

$1 == "absent" { print; is_absent[$2, $3] = 1; next }
$1 == "fact" { print; fact[$2, $3] = $4; fact[$2] = $3; next }
$1 != "run" { next }
$3 == "read" { print "read", $2, $4, $5, $6, $7; read[$2, $4] = $5; next }

{
	n = ++nr[$2, $4]
	setup[$2, $4, n] = $3
	median[$2, $4, n] = $5
	low_of[$2, $4, n] = $6
	high_of[$2, $4, n] = $7
	if (!(($2, $4) in seen))
		order[++nr_pairs] = $2 SUBSEP $4
	seen[$2, $4] = 1
}

# The bare run that is nearest in this direction, or 0.
function bare(pair, i, step) {
	for (i += step; i >= 1 && i <= nr[pair]; i += step)
		if (setup[pair, i] == "none")
			return i
	return 0
}

# Notes what one attachment added.
function note_added(pair, i,    part, b, a, base, add, lo, hi, key, k) {
	split(pair, part, SUBSEP)
	if ((part[1] SUBSEP setup[pair, i]) in is_absent)
		return
	b = bare(pair, i, -1)
	a = bare(pair, i, 1)
	if (!b) b = a
	if (!a) a = b
	if (!a)
		return
	base = (median[pair, b] + median[pair, a]) / 2
	add = median[pair, i] - base
	lo = low_of[pair, i] - max(high_of[pair, b], high_of[pair, a])
	hi = high_of[pair, i] - (low_of[pair, b] < low_of[pair, a] ? low_of[pair, b] : low_of[pair, a])
	key = part[1] SUBSEP setup[pair, i] SUBSEP part[2]
	if (!(key in nr_adds))
		keys[++nr_keys] = key
	k = ++nr_adds[key]
	adds[key, k] = add
	bases[key, k] = base
	stray[key] = max(add - lo, hi - add)
	low[key] = k == 1 || low_of[pair, i] < low[key] ? low_of[pair, i] : low[key]
	high[key] = max(high[key], high_of[pair, i])
}

# The middle one of list[key, 1..n], the lower one of two.
function middle(list, key, n,    i, j, sorted, t) {
	for (i = 1; i <= n; i++) {
		sorted[i] = list[key, i]
		for (j = i; j > 1 && sorted[j - 1] > sorted[j]; j--) {
			t = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = t
		}
	}
	return sorted[int((n + 1) / 2)]
}

function show_added(key,    part, i, n, base) {
	split(key, part, SUBSEP)
	n = nr_adds[key]
	added[key] = middle(adds, key, n)
	base = middle(bases, key, n)
	spread[key] = n == 1 ? stray[key] : 0
	for (i = 1; i <= n; i++)
		spread[key] = max(spread[key], abs(adds[key, i] - added[key]))
	whole[key] = base + added[key]
	printf "added %s %s %s %.1f %.1f %.1f %.1f %.1f %.1f\n", part[1], part[2], part[3],
		base, whole[key], low[key], high[key], added[key], spread[key]
}

function show_alone(pair,    part, i, k, lo, hi) {
	split(pair, part, SUBSEP)
	for (i = 1; i <= nr[pair]; i++) {
		if (setup[pair, i] != "none")
			continue
		bares[pair, ++k] = median[pair, i]
		lo = k == 1 || low_of[pair, i] < lo ? low_of[pair, i] : lo
		hi = max(hi, high_of[pair, i])
	}
	if (!k)
		return
	alone[part[1], part[2]] = middle(bares, pair, k)
	printf "alone %s %s %.1f %.1f %.1f\n", part[1], part[2], alone[part[1], part[2]], lo, hi
}

function unknown(limit, what) {
	printf "target unknown 0 %.3f %s\n", limit, what
}

function is_added(pop, setup, op) { return ((pop SUBSEP setup SUBSEP op) in added) }

function target(value, limit, what) {
	printf "target %s %.3f %.3f %s\n", value <= limit ? "met" : "missed", value, limit, what
}

# One setup against another, at the few accounts of the guest itself.
function ratio(mine, other, op, limit) {
	if (is_added("few", mine, op) && is_added("few", other, op) && added["few", other, op] > 0)
		target(added["few", mine, op] / added["few", other, op], limit,
		       op ": " mine " over " other)
	else
		unknown(limit, op ": " mine " over " other)
}

function percent(mine, op, limit) {
	if (is_added("few", mine, op))
		target(100 * added["few", mine, op] / alone["few", op], limit, op ": " mine ", percent slower")
	else
		unknown(limit, op ": " mine ", percent slower")
}

# Nothing, as far as can be told: within the spread, or 0.3 % if that is more.
function nothing(mine, op) {
	if (is_added("few", mine, op))
		target(abs(added["few", mine, op]),
		       max(spread["few", mine, op], 0.003 * alone["few", op]),
		       op ": " mine ", instructions added, where the limit is the spread")
	else
		unknown(0, op ": " mine ", instructions added")
}

function flat(mine, op) {
	if ((("10000" SUBSEP mine SUBSEP op) in whole) && (("few" SUBSEP mine SUBSEP op) in whole))
		target(whole["10000", mine, op] / whole["few", mine, op], 1.05,
		       op ": " mine " at 10,000 accounts over few")
	else
		unknown(1.05, op ": " mine " at 10,000 accounts over few")
}

function reader(name, op,    pop) {
	pop = "10000-reader"
	if (is_added(pop, "reader-" name, op))
		target(100 * added[pop, "reader-" name, op] / alone[pop, op], 2,
		       op ": a reader of " name " at 10,000 in a loop, percent slower")
	else
		unknown(2, op ": a reader of " name " at 10,000 in a loop, percent slower")
}

function show_ratios(    i) {
	split("touch_read touch_write", touch, " ")
	ratio("brkwatch-kprobe", "fexit", "brk", 0.75)
	ratio("brkwatch-kprobe", "fexit", "map", 0.8)
	for (i = 1; i <= 2; i++) {
		ratio("brkwatch-kprobe", "fexit", touch[i], 0.6)
		ratio("brkwatch-kprobe", "kprobe", touch[i], 1.35)
	}
	percent("brkwatch-kprobe", "exec", 2.5)
	ratio("brkwatch", "leanest", "brk", 0.8)
	ratio("brkwatch", "leanest", "map", 0.5)
	for (i = 1; i <= 2; i++)
		ratio("brkwatch", "leanest", touch[i], 0.4)
	percent("brkwatch", "exec", 1.3)
}

function show_limits(    i) {
	nr_ops = split("getpid brk map touch_read touch_write exec exec_static malloc trim", ops, " ")
	nothing("brkwatch", "getpid")
	nothing("brkwatch-kprobe", "getpid")
	nothing("brkwatch-nofaults", "touch_read")
	nothing("brkwatch-nofaults", "touch_write")
	for (i = 1; i <= nr_ops; i++)
		nothing("brkwatch-off", ops[i])
	for (i = 2; i <= nr_ops; i++)
		flat("brkwatch", ops[i])
	for (i = 2; i <= 5; i++) {
		reader("processes", ops[i])
		reader("snapshot", ops[i])
		reader("pid", ops[i])
	}
}

# An account is what one more of them takes: tables and reserves are not.
function show_memory(    more, what) {
	what = "memory: bytes an account more and its thread, from 1,000 to 10,000"
	more = fact["accounts_live", "10000"] - fact["accounts_live", "1000"]
	if (more > 0)
		target((fact["slab_bytes", "10000"] - fact["slab_bytes", "1000"]) / more, 1024, what)
	else
		unknown(1024, what)
	what = "memory: bytes of the module, as /proc/modules has them"
	if ("module_bytes" in fact)
		target(fact["module_bytes"], 65536, what)
	else
		unknown(65536, what)
}

# Twice the accounts may cost twice the reading, and a tenth more.
function show_linear(name,    a, b) {
	if (!(("10000" SUBSEP name) in read) || !(("1000" SUBSEP name) in read)) {
		unknown(1.1, "read: " name ", instructions a line at 10,000 over 1,000")
		return
	}
	a = fact["accounts_live", "1000"]
	b = fact["accounts_live", "10000"]
	target((read["10000", name] / b) / (read["1000", name] / a), 1.1,
	       "read: " name ", instructions a line at 10,000 over 1,000")
}

END {
	for (p = 1; p <= nr_pairs; p++) {
		show_alone(order[p])
		for (i = 1; i <= nr[order[p]]; i++)
			if (setup[order[p], i] != "none")
				note_added(order[p], i)
	}
	for (k = 1; k <= nr_keys; k++)
		show_added(keys[k])
	show_ratios()
	show_limits()
	show_memory()
	show_linear("processes")
	show_linear("snapshot")
}
