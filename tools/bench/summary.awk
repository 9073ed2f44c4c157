# SPDX-License-Identifier: GPL-2.0
#
# From the lines of selftests/bench-in-vm to what table.awk, json.awk and
# svg.awk show. One line each:
#
#   alone ACCOUNTS OPERATION MEDIAN LEAST MOST
#   added ACCOUNTS SETUP OPERATION ALONE MEDIAN LEAST MOST ADDED SPREAD
#   read ACCOUNTS FILE MEDIAN LEAST MOST
#   target met|missed VALUE LIMIT WHAT...
#   fact KEY VALUE...
#
# What a setup adds is its median less the mean of those of the bare runs just
# before and after it; the spread is the most by which any repeat says otherwise.

function max(a, b) { return a > b ? a : b }
function abs(a) { return a < 0 ? -a : a }

$1 == "fact" { print; fact[$2, $3] = $4; fact[$2] = $3; next }
$1 != "run" { next }
$3 == "read" { print "read", $2, $4, $5, $6, $7; read[$2, $4] = $5; next }

{
	n = ++nr[$2, $4]
	setup[$2, $4, n] = $3
	median[$2, $4, n] = $5
	least[$2, $4, n] = $6
	most[$2, $4, n] = $7
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

function show_added(pair, i,    part, b, a, base, add, lo, hi) {
	split(pair, part, SUBSEP)
	b = bare(pair, i, -1)
	a = bare(pair, i, 1)
	if (!b) b = a
	if (!a) a = b
	if (!a)
		return
	base = (median[pair, b] + median[pair, a]) / 2
	add = median[pair, i] - base
	lo = least[pair, i] - max(most[pair, b], most[pair, a])
	hi = most[pair, i] - (least[pair, b] < least[pair, a] ? least[pair, b] : least[pair, a])
	added[part[1], setup[pair, i], part[2]] = add
	spread[part[1], setup[pair, i], part[2]] = max(add - lo, hi - add)
	whole[part[1], setup[pair, i], part[2]] = median[pair, i]
	alone[part[1], part[2]] = base
	printf "added %s %s %s %.1f %.1f %.1f %.1f %.1f %.1f\n", part[1], setup[pair, i], part[2],
		base, median[pair, i], least[pair, i], most[pair, i], add, max(add - lo, hi - add)
}

function show_alone(pair,    part, i, j, k, list, lo, hi, t) {
	split(pair, part, SUBSEP)
	for (i = 1; i <= nr[pair]; i++) {
		if (setup[pair, i] != "none")
			continue
		list[++k] = median[pair, i]
		for (j = k; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
		lo = k == 1 || least[pair, i] < lo ? least[pair, i] : lo
		hi = max(hi, most[pair, i])
	}
	if (k)
		printf "alone %s %s %.1f %.1f %.1f\n", part[1], part[2], list[int((k + 1) / 2)], lo, hi
}

function target(value, limit, what) {
	printf "target %s %.3f %.3f %s\n", value <= limit ? "met" : "missed", value, limit, what
}

# One setup against another, at the few accounts of the guest itself.
function ratio(mine, other, op, limit) {
	if ((("few" SUBSEP mine SUBSEP op) in added) && (("few" SUBSEP other SUBSEP op) in added))
		target(added["few", mine, op] / added["few", other, op], limit,
		       op ": " mine " over " other)
}

function percent(mine, op, limit) {
	if (("few" SUBSEP mine SUBSEP op) in added)
		target(100 * added["few", mine, op] / alone["few", op], limit, op ": " mine ", percent slower")
}

# Nothing, as far as can be told: within the spread, or 0.3 % if that is more.
function nothing(mine, op) {
	if (("few" SUBSEP mine SUBSEP op) in added)
		target(abs(added["few", mine, op]),
		       max(spread["few", mine, op], 0.003 * alone["few", op]),
		       op ": " mine ", instructions, where the limit is the spread")
}

function flat(mine, op) {
	if ((("10000" SUBSEP mine SUBSEP op) in whole) && (("few" SUBSEP mine SUBSEP op) in whole))
		target(whole["10000", mine, op] / whole["few", mine, op], 1.05,
		       op ": " mine " at 10,000 accounts over few")
}

function reader(name, op,    pop) {
	pop = "10000-reader"
	if ((pop SUBSEP "reader-" name SUBSEP op) in added)
		target(100 * added[pop, "reader-" name, op] / alone[pop, op], 2,
		       op ": a reader of " name " at 10,000 in a loop, percent slower")
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

function show_memory() {
	if (("memory_bytes", "10000") in fact)
		target(fact["memory_bytes", "10000"] / fact["accounts_live", "10000"], 1024,
		       "memory: bytes an account at 10,000, threads and tables included")
	if ("module_bytes" in fact)
		target(fact["module_bytes"], 65536, "memory: bytes of the module")
}

# Twice the accounts may cost twice the reading, and a tenth more.
function show_linear(name,    a, b) {
	if (!(("10000" SUBSEP name) in read) || !(("1000" SUBSEP name) in read))
		return
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
				show_added(order[p], i)
	}
	show_ratios()
	show_limits()
	show_memory()
	show_linear("processes")
	show_linear("snapshot")
}
