#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All at once, for a while: processes of all kinds, readers that hold files,
# switches that are switched. At the end every account balances and the module
# holds no more memory than half-way.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

seconds=${BRKWATCH_LONG:+600}
seconds=${seconds:-16}
jobs=()

# shellcheck disable=SC2317 # called by trap
stop_jobs() {
	[ ${#jobs[@]} = 0 ] || { kill "${jobs[@]}" && wait "${jobs[@]}"; } 2>/dev/null
	jobs=()
	[ -z "${scratch-}" ] || rm -r "$scratch"
	scratch=
}

switch_all() {
	local until=$((SECONDS + $1)) name
	while [ $SECONDS -lt $until ]; do
		for name in faults enabled; do
			echo 0 >$parameters/$name
			sleep 1
			echo 1 >$parameters/$name
			sleep 1
		done
	done
}

# soak SEED: for half of the time
soak() {
	local i err=0
	for i in 1 2 3 4; do
		"$here/churn" $((seconds / 2)) $((10 * $1 + i)) >>"$scratch/churn" &
		jobs+=($!)
	done
	for i in 5 6; do
		"$here/peruse" $((seconds / 2)) $((10 * $1 + i)) hold >>"$scratch/peruse" &
		jobs+=($!)
	done
	switch_all $((seconds / 2))
	for i in "${jobs[@]}"; do
		wait "$i" || err=1
	done
	jobs=()
	all_balance && wait_for no_dead_accounts && [ $err = 0 ]
}

# Free objects are kept for a while: four times what is kept ready, at most.
is_flat() {
	sleep 1
	at_least "memory half-way and a quarter, against the end," \
		$((half_way + half_way / 4 + 65536)) "$(stat_of memory_bytes)"
}

main() {
	local half_way
	need_module
	trap stop_jobs EXIT
	ktap_print_header
	ktap_set_plan 4
	mark_log
	scratch=$(mktemp -d)
	check "$((seconds / 2)) seconds of everything" soak 1
	sleep 1
	half_way=$(stat_of memory_bytes)
	check "and again" soak 2
	check "the module holds no more memory" is_flat
	ktap_print_msg "$(awk '{ n += $1 } END { print n }' "$scratch/churn") forks," \
		"$(awk '{ n += $1; r += $3; s += $5 } END { print n " opens, " r " reads, " s " stale" }' \
			"$scratch/peruse"), $half_way and $(stat_of memory_bytes) bytes"
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
