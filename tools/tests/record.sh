# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: what no recorded folder can show of record and report.
#
# Uses of run.sh: verdict, tool, work; of export.sh: judge; of bare.sh: says.
# shellcheck disable=SC2154

# A name longer than the room for a whole call path.
check_long_name()
{
	printf 'brkwatch-recording 1\nprocess 10 1 %01000000d\nstack 0 cfi cut\n%s\n' 7 \
		'event 1 10 10 1 brk 4096 4096 0 12 0 0 0' >"$work/long_name"
	says 1 "brkwatch: $work/long_name: line 2 is not understood" report "$work/long_name"
}

check_record()
{
	judge report_long_name check_long_name
}
