#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Hooks that the kernel silences behind the module's back, by two switches: what
# is not exact any more says so, and says since when; when they are back, all
# accounts are new and exact.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tool=${BRKWATCH_BUILD:-$here/../../../../build}/brkwatch
ftrace_switch=/proc/sys/kernel/ftrace_enabled
kprobes_switch=/sys/kernel/debug/kprobes/enabled
silencer=$ftrace_switch	# of hooks by kprobes
sleepers=()

# shellcheck disable=SC2317 # called by trap
switch_all_on() {
	echo 1 >$ftrace_switch
	echo 1 >$kprobes_switch
}

uptime_ns() {
	awk '{ printf "%.0f\n", $1 * 1000000000 }' /proc/uptime
}

is_exact() {
	[ "$(stat_of not_exact_since_ns)" = 0 ]
}

# Files of processes that end meanwhile go while they are looked for.
accounts_say() {
	local file is nr=0
	for file in "$folder"/[0-9]*; do
		is=$(key_of "${file##*/}" not_exact_since_ns 2>/dev/null) || continue
		equals "that of ${file##*/}" "$is" "$1" || return
		nr=$((nr + 1))
	done
	at_least "the number of accounts" $nr 3
}

# Who asks is told at once, of every account.
says_since_when() {
	local before=$1 since
	since=$(stat_of not_exact_since_ns)
	at_least not_exact_since_ns "$since" 1 &&
		at_least "now, against not_exact_since_ns" "$(uptime_ns)" "$since" &&
		at_least "not_exact_since_ns, against what was exact" "$since" "$before" &&
		accounts_say "$since" &&
		"$tool" list 2>&1 >/dev/null | grep -q 'not exact since'
}

# ended_says PID: since when the account of a process that has ended is not exact
ended_says() {
	awk -v pid="$1" '$1 == "pid" { is_his = $2 == pid }
		is_his && $1 == "not_exact_since_ns" { print $2; exit }' $folder/ended
}

has_ended() {
	[ -n "$(ended_says "$1")" ]
}

start_sleepers() {
	sleepers=()
	start_sleeper && sleepers+=("$sleeper") && start_sleeper && sleepers+=("$sleeper")
}

# say_so_for_good SINCE: those who have ended
say_so_for_good() {
	local pid
	for pid in "${sleepers[@]}"; do
		wait_for has_ended "$pid" &&
			equals "that of $pid, which has ended" "$(ended_says "$pid")" "$1" || return
	done
}

# Each account that there is now has been opened since.
accounts_are_new() {
	local since=$1
	wait_for test -e "$folder/$$" &&
		at_least watched_since_ns "$(key_of $$ watched_since_ns)" "$since" && all_balance &&
		equals vm_grown_bytes "$(key_of $$ vm_grown_bytes)" 0 &&
		equals not_exact_since_ns "$(key_of $$ not_exact_since_ns)" 0
}

# goes_off_and_on SWITCH
goes_off_and_on() {
	local switch=$1 watched since said
	start_sleepers && wait_for test -e "$folder/$$" || return
	watched=$(key_of $$ watched_since_ns)
	echo 0 >"$switch"
	end_sleeper "${sleepers[0]}"	# before somebody has noticed
	says_since_when "$watched" && ! is_exact
	local err=$?
	end_sleeper "${sleepers[1]}"
	said=$(stat_of not_exact_since_ns)
	say_so_for_good "$said" || err=1
	since=$(uptime_ns)
	echo 1 >"$switch"
	[ $err = 0 ] && wait_for is_exact && accounts_are_new "$since" && say_so_for_good "$said"
}

# Nobody looks meanwhile: the module does by itself.
is_noticed_unasked() {
	echo 0 >"$silencer"
	sleep 3
	echo 1 >"$silencer"
	log_since_mark | grep -q 'brkwatch: the kernel calls no hooks' && wait_for is_exact &&
		log_since_mark | grep -q 'brkwatch: the kernel calls hooks again'
}

# Nobody has asked before all hooks go, which are silent still.
is_kept_when_off() {
	local said
	start_sleepers || return
	echo 0 >"$silencer"
	end_sleeper "${sleepers[0]}"
	wait_for test ! -e "$folder/${sleepers[0]}"	# which does not ask
	echo 0 >$parameters/enabled
	echo 1 >"$silencer"
	said=$(ended_says "${sleepers[0]}")
	echo 1 >$parameters/enabled
	end_sleeper "${sleepers[1]}"
	at_least "since when its account is not exact" "${said:-0}" 1
}

# Some hooks are there then, and others are not any more, or not yet.
says_so_while_hooks_go() {
	local pairs i words err
	words=$(mktemp)
	"$here/pairs" >"$words" &
	pairs=$!
	for ((i = 0; i < 3; i++)); do
		wait_for test -e "$folder/$pairs" || break
		echo 0 >$parameters/enabled
		echo 1 >$parameters/enabled
	done
	kill $pairs
	wait $pairs
	err=$?
	ktap_print_msg "$(<"$words")"
	rm "$words"
	[ $i = 3 ] && return $err
}

# Hooks by ftrace do not care for the switch of kprobes.
ftrace_goes_on() {
	[ "$(grep -c '^hook .* ftrace 1 ' $folder/stats)" -gt 10 ] || return 0
	echo 0 >$kprobes_switch
	"$here/brk_steps" brk:+1M map:1M unmap:1M
	is_exact && all_balance
	local err=$?
	echo 1 >$kprobes_switch
	return $err
}

loads_silent() {
	unload_module || return
	echo 0 >"$silencer"
	load_module attach=kprobe && ! is_exact
	local err=$?
	echo 1 >"$silencer"
	[ $err = 0 ] && wait_for is_exact && all_balance
}

# 7.3 does not, whatever is attached.
lets_ftrace_go_off() {
	local err=0
	unload_module || return
	echo 0 2>/dev/null >$ftrace_switch || err=1
	echo 1 >$ftrace_switch
	load_module && return $err
}

check_ftrace_switch() {
	local name="ftrace_enabled=0 and 1${1-}"
	if [ "$silencer" = $ftrace_switch ]; then
		check "$name" goes_off_and_on $ftrace_switch
	else
		ktap_test_skip "$name: this kernel refuses it"
	fi
}

by_kprobes() {
	unload_module && load_module attach=kprobe
}

main() {
	need_module
	trap switch_all_on EXIT
	ktap_print_header
	ktap_set_plan 11
	lets_ftrace_go_off || silencer=$kprobes_switch
	mark_log
	check "exact at first" is_exact
	check_ftrace_switch
	check "kprobes/enabled=0 is nothing to ftrace" ftrace_goes_on
	check "no account is wrong while hooks go" says_so_while_hooks_go
	check "load with attach=kprobe" by_kprobes
	check "noticed though nobody asks" is_noticed_unasked
	check "nor is it forgotten when watching is switched off" is_kept_when_off
	check "load while hooks are silent" loads_silent
	check_ftrace_switch ", by kprobes"
	check "kprobes/enabled=0 and 1, by kprobes" goes_off_and_on $kprobes_switch
	unload_module && load_module
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
