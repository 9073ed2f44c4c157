# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: what no recorded folder can show of record and report. The kernel
# is played by player.c.
#
# Uses of run.sh: verdict, tool, work, here, build; of export.sh: judge; of bare.sh:
# says; of heap.sh: start_subject and the like.
# shellcheck disable=SC2154

# A name longer than the room for a whole call path.
check_long_name()
{
	printf 'brkwatch-recording 1\nprocess 10 1 %01000000d\nstack 0 cfi cut\n%s\n' 7 \
		'event 1 10 10 1 brk 4096 4096 0 12 0 0 0' >"$work/long_name"
	says 1 "brkwatch: $work/long_name: line 2 is not understood" report "$work/long_name"
}

# Records by the player, which may not take forever.
play()
{
	timeout -s KILL 20 "$tool" --sysroot "$work/dumps/sys_good" record "$@"
}

# refuses TEXT WORD...: says it on one line, and leaves no file
refuses()
{
	local text="$1" said
	shift

	said=$(play -o "$work/none" "$@" 2>&1)
	[ "$?,$said" = "1,brkwatch: $text" ] && [ ! -e "$work/none" ] && return
	echo "$said"
	return 1
}

# A program that has put a pipe where its code was keeps nobody waiting.
check_pipe_of_code()
{
	local status

	rm -rf "$work/pipe"
	mkdir "$work/pipe"
	start_subject env --chdir="$work/pipe" "$heap_dir/classic" pipe
	play -o "$work/rec" -p "$heap_pid" &
	while ! grep -qs '^event' "$work/rec" && kill -0 $!; do
		sleep 0.1
	done
	end_subject
	wait $!
	status=$?
	grep '^event' "$work/rec" && [ $status = 0 ]
}

# What the program before exec had is not corrected in the place of what was left out.
check_exec()
{
	play -o "$work/rec" sleep 1 || return
	"$tool" report --folded "$work/rec" >"$work/out"
	diff - "$work/out" <<<"player;[cut];0 8192"
}

# Calls of 32-bit programs and of x32 are written as those of 64-bit programs, and
# what one has taken another gives back. Another call of the former is told as -1.
check_modes()
{
	BRKWATCH_PLAY=modes play -o "$work/rec" sleep 0.1 || return
	awk '$1 == "event" { print $6, $7, $10, $11, $12, $13 }' "$work/rec" >"$work/out"
	"$tool" report --csv "$work/rec" >>"$work/out" || return
	"$tool" report "$work/rec" | grep 'not known whose' >>"$work/out"
	diff - "$work/out" <<-EOF
		anon_private 20480 9 0 0x5000 0x3
		munmap -20480 11 0xf7000000 0x5000 0
		anon_private 12288 9 0 0 0
		munmap -12288 11 0xf6000000 0x3000 0
		brk 8192 12 0x8002000 0 0
		brk -8192 12 0x8000000 0 0
		mremap 8192 25 0xf5000000 0x1000 0x3000
		munmap -8192 11 0xf5001000 0x2000 0
		anon_shared 16384 30 0x7 0 0
		munmap -16384 67 0xf4000000 0 0
		anon_private 24576 9 0 0x6000 0x3
		munmap -24576 11 0xf3000000 0x6000 0
		stack 4096 -1 0x1 0x2 0x3
		file_private 4096 59 0x1 0x2 0x3
		file_private 4096 322 0x1 0x2 0x3
		file_private 4096 59 0x1 0x2 0x3
		file_private 4096 322 0x1 0x2 0x3
		kept_bytes,grown_bytes,given_back_bytes,changes,path
		16384,16384,0,4,"player;execve"
		4096,94208,90112,7,"player;[cut];0x1000"
		given back  88K of it, and 0 that is not known whose
	EOF
}

# What is not run takes the place of nothing, and leaves nothing.
check_not_run()
{
	echo old >"$work/old"
	cp "$work/old" "$work/rec"
	rm -f "$work/none"
	play -o "$work/rec" "$work/no-such-command"
	[ $? = 127 ] && cmp "$work/old" "$work/rec" || return
	play -o "$work/rec" "$work/old"
	[ $? = 126 ] && cmp "$work/old" "$work/rec" || return
	play -o "$work/none" "$work/no-such-command"
	[ $? = 127 ] && [ ! -e "$work/none" ]
}

# What was there before is gone to the last byte.
check_in_place()
{
	yes old | head -n 10000 >"$work/rec"
	play -o "$work/rec" sleep 0.1 &&
		[ "$(sed -n '1p;$p' "$work/rec")" = "brkwatch-recording 1"$'\n'"end" ]
}

# A command has the limits that it would have without us.
check_limits()
{
	local limits="ulimit -S -l; ulimit -H -l"

	(
		ulimit -S -l 32
		play -o "$work/rec" sh -c "$limits" | diff <(sh -c "$limits") -
	)
}

# A process that has ended is gone, though nobody has waited for it.
check_unwaited()
{
	local pid status

	start_subject sh -c 'sleep 1 & echo $!; exec sleep 60'
	pid=$said
	play -o "$work/rec" -p "$pid"
	status=$?
	[ -e "/proc/$pid" ] && refuses "$pid: it has ended" -p "$pid"
	status+=,$?
	kill "$heap_pid"
	end_subject
	[ $status = 0,0 ] || { echo "$status"; return 1; }
}

# Who is started with nohup goes on when the terminal goes.
check_nohup()
{
	local pid status

	start_subject "$heap_dir/pin"
	(
		trap '' HUP
		exec "$tool" --sysroot "$work/dumps/sys_good" record -o "$work/rec" -p "$heap_pid"
	) &
	pid=$!
	until grep -qs '^event' "$work/rec" || ! kill -0 $pid; do
		sleep 0.1
	done
	kill -HUP $pid
	sleep 0.5
	! grep '^end' "$work/rec"
	status=$?
	end_subject
	wait $pid
	[ "$status,$?" = 0,0 ] && [ "$(tail -n 1 "$work/rec")" = end ]
}

# A size is the same in every form.
check_sizes()
{
	local size

	for size in 3G 3072M 3145728K 3221225472; do
		play -o "$work/rec" --min-size "$size" true || return
		grep -qx 'filter --min-size 3221225472' "$work/rec" || return
	done
}

# What libbpf says is shown to who asks for it. In a namespace of a user's own, which
# may load nothing, there is always something.
check_verbose()
{
	local record=(unshare -r "$real" --sysroot "$work/dumps/sys_btf" record -o /dev/null true)

	BRKWATCH_VERBOSE=1 "${record[@]}" 2>&1 | grep '^libbpf: ' &&
		[ "$("${record[@]}" 2>&1 | wc -l)" = 1 ]
}

check_thread()
{
	local tid status

	start_subject "$heap_dir/classic" arenas
	for tid in /proc/"$heap_pid"/task/*; do
		tid=${tid##*/}
		[ "$tid" = "$heap_pid" ] || break
	done
	refuses "$tid: it is a thread of process $heap_pid; try 'brkwatch record -p $heap_pid'" \
		-p "$tid"
	status=$?
	end_subject
	return $status
}

check_player()
{
	local real="$tool" tool="$build/tools/tests/player" heap_dir="$build/tools/tests/heap"

	if ! make -s -C "$here/.." BUILD="$build" SANITIZE= player heaptests >"$work/judged" 2>&1; then
		verdict "not ok" record_build
		sed 's/^/# /' "$work/judged"
		return
	fi
	if [ ! -x "$tool" ]; then
		verdict ok record_played "built without what record is made of"
		return
	fi
	judge record_pipe check_pipe_of_code
	judge record_exec check_exec
	judge record_modes check_modes
	judge record_not_run check_not_run
	judge record_in_place check_in_place
	if (ulimit -l unlimited) 2>/dev/null; then
		judge record_limits check_limits
	else
		verdict ok record_limits "limits cannot be raised here"
	fi
	judge record_unwaited check_unwaited
	judge record_nohup check_nohup
	judge record_thread check_thread
	judge record_sizes check_sizes
	if unshare -r true 2>/dev/null; then
		judge record_verbose check_verbose
	else
		verdict ok record_verbose "no namespace of a user's own here"
	fi
}

check_record()
{
	judge report_long_name check_long_name
	check_player
}
