#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A kernel that is locked down, and one that wants signatures: what is loaded goes
# on, what is not stays out, and the tool says why. Neither can be undone, and at the
# end the module is out: for a guest of its own.

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"

tool=${BRKWATCH_BUILD:-$here/../../../../build}/brkwatch
lockdown=/sys/kernel/security/lockdown
enforce=/sys/module/module/parameters/sig_enforce

has_lockdown() {
	[ -e $lockdown ] || mount -t securityfs none /sys/kernel/security 2>/dev/null
	grep -q '\[none\].* confidentiality' $lockdown 2>/dev/null && [ -w $enforce ]
}

# says WORDS: one line of doctor, which fails
says() {
	local out
	out=$("$tool" doctor) && { ktap_print_msg "doctor is content"; return 1; }
	equals "lines that begin with 'FAIL  $1'" "$(grep -c "^FAIL  $1" <<<"$out")" 1
}

# refused WORDS: by which the kernel refuses to load it
refused() {
	local err
	err=$(insmod "$ko" 2>&1) && { ktap_print_msg "it is loaded"; return 1; }
	[[ $err == *": $1" ]] && return
	ktap_print_msg "insmod says: $err"
	return 1
}

# Files can be read and switches be turned, hooks go off and on again.
goes_on() {
	echo confidentiality >$lockdown && grep -q '\[confidentiality\]' $lockdown &&
		echo 0 >$parameters/enabled && equals "live processes" "$(nr_processes)" 0 &&
		echo 1 >$parameters/enabled && wait_for test -r "$folder/$$" &&
		"$here/brk" >/dev/null 2>&1 && all_balance &&
		equals not_exact_since_ns "$(stat_of not_exact_since_ns)" 0 &&
		[ "$(head -c 4 $folder/snapshot)" = BKRW ]
}

# What doctor warns of is so, and it finds nothing else.
tool_goes_on() {
	local out
	out=$("$tool" doctor) || { ktap_print_msg "$(grep ^FAIL <<<"$out")"; return 1; }
	grep -q '^warn  the kernel is locked down .* record' <<<"$out" &&
		"$tool" show $$ >/dev/null && "$tool" run -o /dev/null -- true &&
		! "$tool" record -o "$data" -- true 2>/dev/null
}

locked_out() {
	unload_module && refused "Operation not permitted"
}

list_says_why() {
	"$tool" list 2>&1 | grep -q 'refuses unsigned modules; sign brkwatch.ko'
}

unsigned() {
	echo Y >$enforce && refused "Key was rejected by service"
}

main() {
	need_module
	ktap_print_header
	if [ -z "${BRKWATCH_VM-}" ]; then
		ktap_skip_all "it would lock this machine down"
		exit "$KSFT_SKIP"
	fi
	if ! has_lockdown; then
		ktap_skip_all "no lockdown and signatures in this kernel"
		exit "$KSFT_SKIP"
	fi
	data=$(mktemp)
	trap 'rm -f "$data"' EXIT
	ktap_set_plan 8
	mark_log
	check "what is loaded goes on under lockdown" goes_on
	check "and the tool, too" tool_goes_on
	check "lockdown keeps it out" locked_out
	check "doctor says so" says "the kernel is locked down and refuses unsigned modules; sign"
	check "whoever needs it says so" list_says_why
	check "enforced signatures keep it out" unsigned
	check "doctor says so, too" says "the kernel refuses modules without a signature; sign"
	check "the kernel's log is clean" log_is_clean
	ktap_finished
}

main
