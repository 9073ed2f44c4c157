#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loads and unloads the module while processes of all kinds come and go and
# others read all its files, and hold some of processes that have ended; and
# kills some who load it. Nobody finds it half there, and nothing stays behind.

# shellcheck disable=SC2119 # it is loaded without parameters
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

nr_cycles=${BRKWATCH_LONG:+200}
nr_cycles=${nr_cycles:-4}
max_seconds=5400	# where all is emulated fewer must do
nr_churns=${BRKWATCH_LONG:+8}
nr_churns=${nr_churns:-2}
rest=${BRKWATCH_SLOW:+20}	# seconds
rest=${rest:-0.2}
niceness=${BRKWATCH_SLOW:+19}
niceness=${niceness:-0}
min_opens=${BRKWATCH_SLOW:+$nr_cycles}
min_opens=${min_opens:-100}
nr_loads=0
nr_refused=0
nr_killed=0
jobs=()

# Somebody is always at it, but not all at once: nobody could unload who always
# finds a file held. On a kernel that hunts for bugs they yield to who loads, and
# rest for long: who unloads waits until all of them have left the kernel.
by_turns() {
	while :; do
		"$@"
		nap "$rest"
	done
}

read_all() {
	cat $folder/* >/dev/null 2>&1
}

hold() {
	"$here/peruse" 1 $RANDOM hold >>"$scratch/peruse" 2>>"$scratch/wrong"
}

start_job() {
	"$@" &
	jobs+=($!)
	renice -n "$niceness" -p $! >/dev/null
}

# not by turns: one that ends and begins again does little else
churn() {
	exec "$here/churn" 7200 $RANDOM "$rest" >>"$scratch/churn"
}

start_jobs() {
	local i
	scratch=$(mktemp -d)
	for ((i = 1; i <= nr_churns; i++)); do
		start_job churn
	done
	start_job by_turns read_all
	start_job by_turns hold
}

# shellcheck disable=SC2317 # called by trap
stop_jobs() {
	[ ${#jobs[@]} = 0 ] || { kill "${jobs[@]}" && wait "${jobs[@]}"; } 2>/dev/null
	jobs=()
	[ -z "${scratch-}" ] || rm -r "$scratch"
	scratch=
}

# rmmod looks whether anybody holds the module, and so does the kernel (EAGAIN).
refused() {
	local words
	words=$(LC_ALL=C rmmod brkwatch 2>&1) && return 1
	[[ $words != *'is in use'* && $words != *'Resource temporarily unavailable'* ]] || return 0
	ktap_print_msg "$words"
	return 2
}

unload_soon() {
	local i err
	for ((i = 0; i < 600; i++)); do
		refused
		err=$?
		[ $err != 1 ] || return 0
		[ $err = 0 ] || return
		nr_refused=$((nr_refused + 1))
		nap 0.05
	done
	ktap_print_msg "cannot be unloaded: $(cat /sys/module/brkwatch/refcnt) hold it"
	return 1
}

# A file of a process that has ended holds the module, and says so when read.
held_by_the_dead() {
	local err=0
	open_the_dead || err=1
	refused || err=1
	exec 7<&-
	[ $err = 0 ] || ktap_print_msg "a file of a process that has ended"
	return $err
}

killed_load() {
	local load
	insmod "$ko" 2>/dev/null &
	load=$!
	sleep "0.0$((RANDOM % 90 + 10))"
	kill -KILL $load 2>/dev/null
	wait $load 2>/dev/null || nr_killed=$((nr_killed + 1))
	is_loaded && nr_loads=$((nr_loads + 1))
}

load() {
	load_module "$@" && nr_loads=$((nr_loads + 1))
}

cycles() {
	local i kinds=(auto kprobe)
	for ((i = 1; i <= nr_cycles && SECONDS < max_seconds; i++)); do
		unload_soon || return
		if [ $((i % 4)) = 0 ]; then
			killed_load || load || return
		else
			load "attach=${kinds[i % 2]}" || return
		fi
		[ $((i % 3)) != 0 ] || held_by_the_dead || return
		all_balance || return
	done
}

# sum_of FILE COLUMN
sum_of() {
	awk -v column="$2" '{ n += $column } END { print n + 0 }' "$scratch/$1"
}

# Half of them at least, however slow the machine is.
cycled_enough() {
	cycles && at_least "the number of loads" "$nr_loads" $((nr_cycles / 2))
}

answered_right() {
	[ ! -s "$scratch/wrong" ] || { ktap_print_msg "$(head -n 20 "$scratch/wrong")"; return 1; }
	at_least "files that were opened" "$(sum_of peruse 1)" "$min_opens"
}

main() {
	need_module
	trap stop_jobs EXIT
	ktap_print_header
	ktap_set_plan 3
	mark_log
	start_jobs
	check "load and unload while all is read" cycled_enough
	kill "${jobs[@]}" 2>/dev/null
	wait "${jobs[@]}" 2>/dev/null
	jobs=()
	ktap_print_msg "$nr_loads loads, $nr_killed killed, $nr_refused unloads refused," \
		"$(sum_of churn 1) forks, $(sum_of peruse 1) opens, $(sum_of peruse 3) reads," \
		"$(sum_of peruse 5) of removed files"
	check "who reads meanwhile is answered" answered_right
	is_loaded || load_module
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
