#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loads and unloads the module while processes of all kinds come and go and
# others read all its files, and kills some who load it. Nobody finds it half
# there, and nothing stays behind.

# shellcheck disable=SC2119 # it is loaded without parameters
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

nr_cycles=${BRKWATCH_LONG:+200}
nr_cycles=${nr_cycles:-4}
nr_churns=${BRKWATCH_LONG:+8}
nr_churns=${nr_churns:-2}
nr_refused=0
nr_killed=0
jobs=()

# Not all the time, or nobody could unload.
read_now_and_then() {
	while :; do
		cat $folder/* >/dev/null 2>&1
		sleep 0.1
	done
}

start_jobs() {
	local i
	scratch=$(mktemp -d)
	for ((i = 1; i <= nr_churns; i++)); do
		"$here/churn" 100000 $i >>"$scratch/churn" &
		jobs+=($!)
	done
	for i in 1 2; do
		read_now_and_then &
		jobs+=($!)
	done
}

# shellcheck disable=SC2317 # called by trap
stop_jobs() {
	[ ${#jobs[@]} = 0 ] || { kill "${jobs[@]}" && wait "${jobs[@]}"; } 2>/dev/null
	jobs=()
	[ -z "${scratch-}" ] || rm -r "$scratch"
	scratch=
}

unload_soon() {
	local i
	for ((i = 0; i < 600; i++)); do
		unload_module && return
		nr_refused=$((nr_refused + 1))
		sleep 0.05
	done
	ktap_print_msg "cannot be unloaded: $(cat /sys/module/brkwatch/refcnt) hold it"
	return 1
}

# A file of a process that has ended holds the module, and says so when read.
held_by_the_dead() {
	local err
	sleep 1000 &
	wait_for test -e "$folder/$!" || return
	exec 7<"$folder/$!"
	{ kill $!; wait $!; } 2>/dev/null
	wait_for test ! -e "$folder/$!" || return
	unload_module && { ktap_print_msg "unloaded with a file open"; return 1; }
	cat <&7 >/dev/null 2>&1
	err=$?
	exec 7<&-
	equals "status of reading the file of a dead process" $err 1
}

killed_load() {
	local load
	insmod "$ko" 2>/dev/null &
	load=$!
	sleep "0.0$((RANDOM % 90 + 10))"
	kill -KILL $load 2>/dev/null
	wait $load 2>/dev/null && return
	nr_killed=$((nr_killed + 1))
}

cycles() {
	local i kinds=(auto kprobe)
	for ((i = 1; i <= nr_cycles; i++)); do
		unload_soon || return
		if [ $((i % 4)) = 0 ]; then
			killed_load
			is_loaded || load_module || return
		else
			load_module "attach=${kinds[i % 2]}" || return
		fi
		[ $((i % 3)) != 0 ] || held_by_the_dead || return
		all_balance || return
	done
}

main() {
	need_module
	trap stop_jobs EXIT
	ktap_print_header
	ktap_set_plan 2
	mark_log
	start_jobs
	check "load and unload $nr_cycles times while all is read" cycles
	kill "${jobs[@]}" 2>/dev/null
	wait "${jobs[@]}" 2>/dev/null
	jobs=()
	ktap_print_msg "$nr_cycles loads, $nr_killed killed, $nr_refused unloads refused," \
		"$(awk '{ n += $1 } END { print n }' "$scratch/churn") forks"
	is_loaded || load_module
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
