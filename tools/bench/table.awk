# SPDX-License-Identifier: GPL-2.0
#
# The table for people, from what summary.awk prints.

$1 == "alone" { keep($2, "alone", $3, sprintf("%d", $4 + 0.5)) }
$1 == "added" {
	keep($2, $3, $4, sprintf("%+d ~%d", round($9), round($10)))
	sum[$2, $3, $4] = $9
}
$1 == "read" { line[++nr_lines] = sprintf("%-12s %-10s %12d  (%d to %d)", $3, $2, $4, $5, $6) }
$1 == "target" { targets[++nr_targets] = $0 }
$1 == "absent" {
	why = $0
	sub(/^absent [^ ]+ [^ ]+ /, "", why)
	absents[++nr_absents] = sprintf("%-18s %s accounts: %s", $3, $2, why)
}
$1 == "fact" { facts[++nr_facts] = substr($0, 6) }

function round(x) { return int(x + (x < 0 ? -0.5 : 0.5)) }

function keep(pop, setup, op, text) {
	if (!(pop in has_pop)) {
		has_pop[pop] = 1
		pops[++nr_pops] = pop
	}
	if (!((pop, setup) in has_setup)) {
		has_setup[pop, setup] = 1
		setups[pop, ++nr_setups[pop]] = setup
	}
	if (!(op in has_op)) {
		has_op[op] = 1
		ops[++nr_ops] = op
	}
	cell[pop, setup, op] = text
}

function heading(    j) {
	printf "%-18s", ""
	for (j = 1; j <= nr_ops; j++)
		printf " %16s", ops[j]
	print ""
}

function show_population(pop,    i, j, s) {
	printf "\nAdded instructions an operation, %s accounts (~ how far quartiles of the repeats, or several attachments, lie apart)\n", pop
	heading()
	for (i = 1; i <= nr_setups[pop]; i++) {
		s = setups[pop, i]
		printf "%-18s", s
		for (j = 1; j <= nr_ops; j++)
			printf " %16s", ((pop, s, ops[j]) in cell) ? cell[pop, s, ops[j]] : ""
		print ""
	}
}

function show_over(peer,    i, j, s, other) {
	printf "\nOver %s, few accounts\n", peer
	heading()
	for (i = 1; i <= nr_setups["few"]; i++) {
		s = setups["few", i]
		if (s == "alone" || s == peer)
			continue
		printf "%-18s", s
		for (j = 1; j <= nr_ops; j++) {
			other = sum["few", peer, ops[j]]
			printf " %16s", (ops[j] == "getpid" || other <= 0) ? "" : \
				sprintf("%.2f", sum["few", s, ops[j]] / other)
		}
		print ""
	}
}

function show_targets(    i, part, what) {
	print "\nTargets"
	for (i = 1; i <= nr_targets; i++) {
		split(targets[i], part, " ")
		what = targets[i]
		sub(/^target [a-z]+ [-0-9.]+ [-0-9.]+ /, "", what)
		if (part[2] == "unknown")
			printf "%-7s %10s of at most %9.2f  %s\n", part[2], "-", part[4], what
		else
			printf "%-7s %10.2f of at most %9.2f  %s\n", part[2], part[3], part[4], what
		n[part[2]]++
	}
	printf "%d targets met, %d missed, %d not measured\n", n["met"], n["missed"], n["unknown"]
}

END {
	printf "brkwatch on %s: executed guest instructions (no time: traps, cache misses and\n", kernel
	print "contention are not counted)"
	for (i = 1; i <= nr_pops; i++)
		show_population(pops[i])
	if (nr_absents)
		print "\nAbsent"
	for (i = 1; i <= nr_absents; i++)
		print absents[i]
	if (("few", "fexit") in has_setup)
		show_over("fexit")
	if (("few", "leanest") in has_setup)
		show_over("leanest")
	if (nr_lines)
		print "\nReading a file whole, instructions, by accounts"
	for (i = 1; i <= nr_lines; i++)
		print line[i]
	print "\nFacts"
	for (i = 1; i <= nr_facts; i++)
		print facts[i]
	show_targets()
}
