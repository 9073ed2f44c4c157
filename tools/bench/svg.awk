# SPDX-License-Identifier: GPL-2.0
#
# The picture: what each setup adds to an operation, a panel an operation, the
# scale by the fentry/fexit peer. Bars that leave the panel are cut, their
# numbers are not.

BEGIN {
	nr_ops = split("brk map touch_read touch_write exec malloc trim", ops, " ")
	title["brk"] = "brk: grow and shrink by a page"
	title["map"] = "mmap and munmap of a page"
	title["touch_read"] = "first touch of a page, reading"
	title["touch_write"] = "first touch of a page, writing"
	title["exec"] = "fork, exec, exit"
	title["malloc"] = "malloc and free of 200 KiB"
	title["trim"] = "grow the heap by 512 KiB, trim it"
	nr_setups = split("kprobe kretprobe ftrace brkwatch brkwatch-kprobe leanest fexit " \
			  "bpftrace bpftrace-sums perf-trace strace", setups, " ")
	bar = 16; left = 150; width = 420; panel = 36
}

$1 == "added" && $2 == "few" { added[$3, $4] = $9; alone[$4] = $5; seen[$3] = 1 }

function colour(setup) {
	if (setup ~ /^brkwatch/)
		return "#1b7837"
	return setup ~ /^(kprobe|kretprobe|ftrace)$/ ? "#b0b0b0" : "#4575b4"
}

function text(x, y, size, words) {
	gsub(/&/, "\\&amp;", words)
	gsub(/</, "\\&lt;", words)
	printf "<text x=\"%d\" y=\"%d\" font-size=\"%d\">%s</text>\n", x, y, size, words
}

# A fifth of the panel lies beyond the scale, for what is only a little more.
function show_bar(y, setup, op, scale,    value, len, cut) {
	value = added[setup, op]
	len = scale > 0 ? width * 0.8 * value / scale : 0
	cut = len > width
	if (cut) len = width
	if (len < 1) len = 1
	text(12, y + bar - 4, 11, setup)
	printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
		left, y + 2, len, bar - 4, colour(setup)
	text(left + len + 6, y + bar - 4, 11, sprintf("%+d (%.1f %%)%s", value,
		100 * value / alone[op], cut ? ", cut" : ""))
}

function scale_of(op,    i, most) {
	if (added["fexit", op] > 0)
		return added["fexit", op]
	for (i = 1; i <= nr_setups; i++)
		if (added[setups[i], op] > most)
			most = added[setups[i], op]
	return most
}

END {
	for (i = 1; i <= nr_setups; i++)
		nr_shown += setups[i] in seen
	height = 50 + nr_ops * (panel + nr_shown * bar)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"%d\" font-family=\"sans-serif\">\n", height
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	text(12, 24, 16, "Instructions added to one operation, Linux " kernel)
	text(12, 42, 11, "executed guest instructions, not time; green: brkwatch, grey: an empty probe, blue: peers")
	y = 50
	for (o = 1; o <= nr_ops; o++) {
		text(12, y + 24, 13, title[ops[o]] sprintf(" (%d alone)", alone[ops[o]]))
		y += panel - 6
		for (i = 1; i <= nr_setups; i++) {
			if (!((setups[i], ops[o]) in added))
				continue
			show_bar(y, setups[i], ops[o], scale_of(ops[o]))
			y += bar
		}
		y += 6
	}
	print "</svg>"
}
