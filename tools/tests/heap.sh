# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: heaps of live programs. Each program says what it knows of its
# own heap, brkwatch is asked, and the two are compared. Needs no module, and no
# root where a user may trace own programs.
#
# BRKWATCH_BIG=1 adds a heap of 4 GiB with 10 million chunks.
#
# Uses of run.sh: verdict, tool, work, here, build, accept.
# shellcheck disable=SC2154

heap_pid=''

# Start a program of tests/heap; what it says first is in $said.
start_subject()
{
	coproc SUBJECT { exec "$@"; }
	# shellcheck disable=SC2153  # coproc sets it
	heap_pid=$SUBJECT_PID
	read -r -t 60 said <&"${SUBJECT[0]}" || said="(nothing)"
}

# Go on; what it says then is in $said.
ask_subject()
{
	echo >&"${SUBJECT[1]}"
	read -r -t 60 said <&"${SUBJECT[0]}" || said="(nothing)"
}

end_subject()
{
	local fd="${SUBJECT[1]}"

	exec {fd}>&-
	wait "$heap_pid" 2>/dev/null
}

# One value of the JSON in $work/heap.json.
heap_value()
{
	jq -r "$1" "$work/heap.json"
}

read_heap()
{
	"$tool" heap "$heap_pid" --json "$@" >"$work/heap.json" 2>"$work/err"
}

# What is said beside what was found, and the verdict.
compare()
{
	local name="$1" want="$2" got="$3"

	if [ "$want" = "$got" ]; then
		verdict ok "$name"
	else
		verdict "not ok" "$name"
		echo "# want $want, got $got"
		sed 's/^/# /' "$work/err"
	fi
}

# Is what malloc_trim(0) returned at most $2 pages and $3 thousandths off?
check_trim()
{
	local name="$1" pages="$2" permille="$3" predicted returned off
	shift 3

	start_subject "$heap_dir/trim" "$@"
	read_heap
	predicted=$(heap_value .trim.total_bytes)
	ask_subject
	returned=${said#returned }
	end_subject
	off=$((predicted > returned ? predicted - returned : returned - predicted))
	if [ "$off" -le $((pages * 4096 + returned * permille / 1000)) ]; then
		verdict ok "$name"
	else
		verdict "not ok" "$name"
	fi
	echo "# predicted $predicted, returned $returned, off by $off"
}

check_pin()
{
	local name="$1" address size below got
	shift

	start_subject "$@"
	read -r address size below <<<"$said"
	read_heap
	got=$(heap_value '"\(.pin.address) \(.pin.size) \(if '"$below"' == 0 then 0 else .pin.held_bytes end)"')
	end_subject
	compare "$name" "$address $size $below" "$got"
}

# A recording in which fill() has grown the heap, and grow_top() the part of it
# that has this address in it.
make_recording()
{
	local pid="$1" comm="$2" address="$3" page

	page=$(((address & ~4095) + 4096))
	cat <<-END
	brkwatch-recording 1
	process $pid 1 $comm
	module 0 - /usr/bin/subject
	frame 0 0 0x10 fill
	frame 1 0 0x20 grow_top
	frame 2 0 0x30 _start
	stack 0 cfi whole 0 2
	stack 1 cfi whole 1 2
	event 10 $pid $pid 1 brk 65536 65536 0 12 $((page - 4096)) 0 0
	event 20 $pid $pid 2 brk 8192 73728 1 12 $((page + 4096)) 0 0
	END
}

# A name may have ends of lines in it.
check_odd_name()
{
	local program="$work/a"$'\n'"b"

	cp "$heap_dir/pin" "$program"
	start_subject "$program"
	read_heap
	end_subject
	compare heap_odd_name 'a\012b' "$(heap_value .comm)"
}

# Who made the heap grow where the pin lies; and recordings of somebody else.
check_origin()
{
	local address by others

	start_subject "$heap_dir/pin"
	address=${said%% *}
	make_recording "$heap_pid" pin "$address" >"$work/origin"
	read_heap --record "$work/origin"
	compare heap_origin "pin;_start;grow_top 8192" \
		"$(heap_value '"\(.grown_by.path) \(.grown_by.kept_bytes)"')"
	by=$("$tool" heap "$heap_pid" --record "$work/origin" --no-map |
		sed -n '/^Its part .* 8K of which 8K /{n;p}')
	compare heap_origin_text "    grow_top  [subject]" "$by"
	by=$("$tool" --dir nowhere why "$heap_pid" --record "$work/origin" | grep 'grown by')
	compare why_origin "  grown by    pin;_start;grow_top, of 8K of which 8K are left" "$by"
	make_recording "$heap_pid" pin $((address + 4096)) >"$work/origin"
	read_heap --record "$work/origin"
	compare heap_origin_fill "pin;_start;fill" "$(heap_value .grown_by.path)"
	make_recording "$heap_pid" pin $((address + (1 << 30))) >"$work/origin"
	read_heap --record "$work/origin"
	compare heap_origin_before null "$(heap_value .grown_by)"
	make_recording "$heap_pid" other "$address" >"$work/origin"
	others=$("$tool" heap "$heap_pid" --record "$work/origin" 2>&1)
	compare heap_origin_name "1 brkwatch: $work/origin: process $heap_pid was other there, and is pin now" \
		"$? $others"
	make_recording 1 pin "$address" >"$work/origin"
	others=$("$tool" --dir nowhere why "$heap_pid" --record "$work/origin" 2>&1)
	compare why_origin_pid "1 brkwatch: $work/origin: process $heap_pid is not in it, or had ended" \
		"$? $others"
	end_subject
}

# Every byte of every arena is something.
check_sums()
{
	start_subject "$heap_dir/trim" 3 8
	read_heap
	end_subject
	compare heap_sums true "$(heap_value 'all(.arenas[]; .size_bytes == .used_bytes +
		.free_bytes + .tcache_bytes + .fastbin_bytes + .top_bytes + .other_bytes) and
		([.arenas[] | .used_count + .free_count + .tcache_count + .fastbin_count] | add) ==
		([.histogram[] | .used_count + .free_count + .cached_count] | add)')"
}

# Which pages of the brk heap are there: pages of zeroes count, too.
list_pages()
{
	local range first nr

	range=$(awk '/\[heap\]/ { print $1; exit }' "/proc/$heap_pid/maps")
	first=$((16#${range%-*} / 4096))
	nr=$((16#${range#*-} / 4096 - first))
	dd if="/proc/$heap_pid/pagemap" bs=8 skip="$first" count="$nr" 2>"$work/err" |
		od -An -v -tx1 -w8 | awk '{ print substr($8, 1, 1) }' | cksum
}

# Reading a heap maps nothing there, and twice must find the same.
check_unchanged()
{
	local before pages

	start_subject "$heap_dir/trim" 9
	pages=$(list_pages)
	read_heap
	compare heap_pages "$pages" "$(list_pages)"
	before=$(heap_value 'del(.read)')
	read_heap --no-stop
	end_subject
	compare heap_unchanged "$before" "$(heap_value 'del(.read)')"
	compare heap_no_stop "0 true" "$(heap_value '"\(.read.holds) \(.read.is_stable)"')"
}

check_other_pins()
{
	if [ -x "$heap_dir/pinxx" ]; then
		check_pin heap_pin_cxx "$heap_dir/pinxx"
	else
		verdict ok heap_pin_cxx "no C++ compiler"
	fi
	if command -v python3 >/dev/null; then
		check_pin heap_pin_python python3 "$here/heap/pin.py"
	else
		verdict ok heap_pin_python "no python3"
	fi
}

# A damaged heap is told with its place; memory that is not malloc's is passed over.
check_odd_heaps()
{
	local library

	start_subject "$heap_dir/classic" damaged
	read_heap
	end_subject
	compare heap_damaged "a size of 0" "$(heap_value .stopped.reason)"
	start_subject "$heap_dir/classic" foreign
	read_heap
	end_subject
	compare heap_foreign "null 402" "$(heap_value '"\(.stopped) \(.arenas[0].used_count)"')"
	start_subject "$heap_dir/classic" refused
	read_heap
	end_subject
	compare heap_refused "null 902" "$(heap_value '"\(.stopped) \(.arenas[0].used_count)"')"
	start_subject "$heap_dir/classic" refused_often
	read_heap
	end_subject
	compare heap_refused_often "the end of the newest piece: older ones were not found" \
		"$(heap_value .stopped.reason)"
	start_subject "$heap_dir/classic" busy
	# on a machine whose processors are taken away the time may be over too soon
	for _ in 1 2 3; do
		read_heap
		[ "$(heap_value '.read.is_cut or .read.holds == 0')" = true ] || break
	done
	compare heap_busy "null true" "$(heap_value '"\(.stopped) \(.read.held_ns < 50000000)"')"
	kill "$heap_pid"
	end_subject
	library=$(find /usr/lib -name 'libjemalloc.so.2' 2>/dev/null | head -n 1)
	if [ -z "$library" ]; then
		verdict ok heap_jemalloc "no libjemalloc"
		return
	fi
	start_subject env LD_PRELOAD="$library" "$heap_dir/classic" pinned
	read_heap
	end_subject
	compare heap_jemalloc jemalloc "$(heap_value .allocator)"
}

# All pieces of the arena of a thread are there, or it is told.
check_arenas()
{
	start_subject "$heap_dir/classic" split
	read_heap
	end_subject
	compare heap_split "null 301" "$(heap_value '"\(.stopped) \(.arenas[1].used_count)"')"
	start_subject "$heap_dir/classic" torn
	read_heap
	end_subject
	compare heap_torn "1 a header of more than is mapped" \
		"$(heap_value '"\(.stopped.arena) \(.stopped.reason)"')"
	start_subject "$heap_dir/classic" lost
	read_heap
	end_subject
	compare heap_lost "1 an arena of which pieces are missing" \
		"$(heap_value '"\(.stopped.arena) \(.stopped.reason)"')"
	start_subject "$heap_dir/classic" fence
	read_heap
	end_subject
	compare heap_fence "null []" \
		"$(heap_value '"\(.stopped) \([.histogram[] | select(.max_bytes == 32)])"')"
	start_subject "$heap_dir/classic" pieces
	read_heap
	end_subject
	compare heap_pieces "null 2560" "$(heap_value '"\(.stopped) \(.arenas[1].used_count)"')"
}

# A program that has put a pipe where its library was keeps nobody waiting.
check_pipe()
{
	mkdir "$work/pipe"
	start_subject env --chdir="$work/pipe" "$heap_dir/classic" pipe
	timeout -s KILL 20 "$tool" heap "$heap_pid" --json >"$work/heap.json" 2>"$work/err"
	compare heap_pipe "0 classic" "$? $(heap_value .comm)"
	end_subject
}

# What why says, with every number and address made the same.
explain_subject()
{
	"$tool" --dir "$work/dumps/$1" why "$heap_pid" 2>&1 |
		sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/pid [0-9]+/pid N/; s/=[0-9]+/=N/g
			s/\b[0-9]+(\.[0-9]+)?[KMGTPE]?(s?)\b/N\2/g'
}

check_case_of()
{
	local name="classic_$1" dump="$2" want="$here/heap/expected/$1"

	start_subject "$heap_dir/classic" "$1"
	if [ -f "$work/dumps/$dump/block" ]; then
		sed "s/^pid .*/pid $heap_pid/" "$work/dumps/$dump/block" \
			>"$work/dumps/$dump/$heap_pid"
	fi
	explain_subject "$dump" >"$work/got"
	end_subject
	if [ "$accept" = "$name" ] || [ "$accept" = all ]; then
		cp "$work/got" "$want"
	fi
	if cmp -s "$want" "$work/got"; then
		verdict ok "$name"
		return
	fi
	verdict "not ok" "$name"
	diff -u "$want" "$work/got" | sed 's/^/# /'
	echo "# to accept: tools/tests/run.sh --accept $name"
}

check_classic_cases()
{
	local name

	for name in pinned pinned_cached lifo lifo_above trimmed top never holes adaptive arenas \
		madv_free; do
		check_case_of "$name" empty
	done
	check_case_of mapping_loop why_loop
}

# What the report says of freeing the pin, with every size made the same.
check_freeing()
{
	local name="$1" want="$2" got

	start_subject "$heap_dir/classic" "$name"
	got=$("$tool" heap "$heap_pid" --no-map 2>"$work/err" |
		sed -nE '/^  (above it|freeing) /{s/; the next.*//; s/[0-9.]+[KM]/N/g; p}')
	end_subject
	compare "heap_freeing_$name" "$want" "$got"
}

check_freeings()
{
	local above="  above it N are freed but cached: they hold the top first"$'\n'

	check_freeing pinned "  freeing it alone would let the top take in N"
	check_freeing pinned_cached \
		"$above  freeing it and what is cached above it would let the top take in N"
	check_freeing lifo "$above  freeing what is cached above it would let the top take in N"
	check_freeing lifo_above \
		"$above  freeing it and what is cached above it would let the top take in N"
}

# The cure that is named where caches hold the top is one.
check_cache_cure()
{
	local name none=glibc.malloc.tcache_count=0

	for name in lifo lifo_above; do
		start_subject env "GLIBC_TUNABLES=$none" "$heap_dir/classic" "$name"
		read_heap
		end_subject
		compare "heap_uncached_$name" true "$(heap_value '.arenas[0].size_bytes < 1000000')"
	done
}

check_fuzz()
{
	if "$heap_dir/fuzz" releases >"$work/out" 2>&1; then
		verdict ok heap_releases
	else
		verdict "not ok" heap_releases
	fi
	sed 's/^/# /' "$work/out"
	if "$heap_dir/fuzz" damage 20 3000 >"$work/out" 2>&1; then
		verdict ok heap_fuzz
	else
		verdict "not ok" heap_fuzz
	fi
	sed 's/^/# /' "$work/out"
}

# The best of five: others may want the processors too.
check_big()
{
	local took held

	if [ -z "${BRKWATCH_BIG:-}" ]; then
		verdict ok heap_big "wants 5 GiB: BRKWATCH_BIG=1"
		return
	fi
	start_subject "$heap_dir/big" 4096 10000
	for _ in 1 2 3 4 5; do
		read_heap
		took=$(heap_value '.read.took_ns / 1000000 | floor')
		held=$(heap_value '.read.held_ns / 1000000 | floor')
		echo "# took $took ms, held $held ms"
		[ "$took" -ge 2000 ] || break
	done
	end_subject
	compare heap_big "true true true" "$(heap_value '"\(.read.took_ns < 2000000000) " +
		"\(.read.held_ns < 50000000) \(.arenas[0].used_count + .arenas[0].free_count +
		.arenas[0].tcache_count >= 10000000)"')"
}

check_heaps()
{
	local seed

	heap_dir="$build/tools/tests/heap"
	if ! command -v jq >/dev/null; then
		verdict ok heaps "no jq"
		return
	fi
	make -s -C "$here/.." BUILD="$build" SANITIZE= heaptests || {
		verdict "not ok" heaps_build
		return
	}
	for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
		check_trim "heap_trim_$seed" 1 0 "$seed"
	done
	check_trim heap_trim_threads 0 10 1 8
	check_trim heap_trim_threads_more 0 10 33 8
	check_pin heap_pin "$heap_dir/pin"
	check_pin heap_pin_fastbin "$heap_dir/pin" fastbin
	check_origin
	check_odd_name
	check_sums
	check_unchanged
	check_other_pins
	check_odd_heaps
	check_arenas
	check_pipe
	check_classic_cases
	check_freeings
	check_cache_cure
	check_fuzz
	check_big
}
