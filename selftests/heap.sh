#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The heap verbs beside the module: what is said of a trim is what the trim then
# returns, and the account of a live process, or of one that has ended, is part
# of the explanation.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

build=${BRKWATCH_BUILD:-$here/../../../../build}
tool=$build/brkwatch
programs=$build/tools/tests/heap
said=

# start PROGRAM ARGUMENT...: reads its first line, "ready"
start() {
	coproc SUBJECT { exec "$@"; }
	pid=$!
	read -r -t 600 said <&"${SUBJECT[0]}"
	wait_for test -e "$folder/$pid"
}

# A line makes it go on; an end of its input lets it end.
ask() {
	echo >&"${SUBJECT[1]}"
	read -r -t 600 said <&"${SUBJECT[0]}"
}

finish() {
	local fd=${SUBJECT[1]}
	exec {fd}>&-
	wait "$pid" 2>/dev/null
}

predicted_bytes() {
	sed -n 's/^ *"total_bytes": *\([0-9]*\).*/\1/p' "$scratch/heap"
}

# predicts TOLERANCE PERMILLE ARGUMENT...: of a program that then trims
predicts() {
	local bytes=$1 permille=$2 predicted returned off
	shift 2
	start "$programs/trim" "$@"
	"$tool" heap --json "$pid" >"$scratch/heap"
	ask
	finish
	predicted=$(predicted_bytes)
	returned=${said#returned }
	off=$((predicted > returned ? predicted - returned : returned - predicted))
	ktap_print_msg "predicted $predicted, returned $returned"
	at_least "tolerance" $((bytes + returned * permille / 1000)) $off
}

predicts_mixes() {
	local seed
	for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
		predicts 4096 0 "$seed" || return
	done
}

# The account says how often, the heap what is in force.
explains_a_loop() {
	start "$programs/classic" mapping_loop
	"$tool" why "$pid" >"$scratch/why" &&
		"$tool" why --json "$pid" >"$scratch/json"
	local err=$?
	finish
	cat "$scratch/why"
	[ $err = 0 ] && grep -q '"has_account": *true' "$scratch/json" &&
		grep -q '"has_heap": *true' "$scratch/json" &&
		grep -q '"name": *"mapping_loop"' "$scratch/json" &&
		grep -q '^Advice: 50[0-9][0-9] mappings of ' "$scratch/why"
}

has_ended() {
	grep -q "^pid $pid\$" $folder/ended
}

# What is left of it is its account.
explains_the_end() {
	wait_for has_ended && "$tool" why --json "$pid" >"$scratch/json" &&
		grep -q '"has_account": *true' "$scratch/json" &&
		grep -q '"has_heap": *false' "$scratch/json"
}

main() {
	need_module
	ktap_print_header
	if [ ! -x "$tool" ] || [ ! -x "$programs/trim" ]; then
		ktap_skip_all "the tool and the programs of its tests are not built: make test-tools"
		exit "$KSFT_SKIP"
	fi
	scratch=$(mktemp -d)
	trap 'rm -r "$scratch"' EXIT
	ktap_set_plan 4
	check "what a trim returns, of twelve mixes" predicts_mixes
	check "and of eight threads with arenas" predicts 0 10 1 8
	check "a loop of mappings, explained" explains_a_loop
	check "a process that has ended, explained" explains_the_end
	ktap_finished
}

main
