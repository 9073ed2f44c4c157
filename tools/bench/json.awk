# SPDX-License-Identifier: GPL-2.0
#
# The same for programs, from what summary.awk prints.

# Words of our own making only: no quotes, no backslashes, but in symbols of
# foreign probes, which are taken out.
function quote(s) {
	gsub(/["\\]/, "", s)
	return "\"" s "\""
}

function add(list, text) { return list (list == "" ? "" : ",\n    ") text }

$1 == "alone" {
	alone = add(alone, sprintf("{\"accounts\": %s, \"operation\": %s, \"median\": %s, \"low\": %s, \"high\": %s}",
		quote($2), quote($3), $4, $5, $6))
}
$1 == "added" {
	added = add(added, sprintf("{\"accounts\": %s, \"setup\": %s, \"operation\": %s, \"alone\": %s, \"median\": %s, \"low\": %s, \"high\": %s, \"added\": %s, \"spread\": %s}",
		quote($2), quote($3), quote($4), $5, $6, $7, $8, $9, $10))
}
$1 == "read" {
	read = add(read, sprintf("{\"accounts\": %s, \"file\": %s, \"median\": %s, \"low\": %s, \"high\": %s}",
		quote($2), quote($3), $4, $5, $6))
}
$1 == "target" {
	what = $0
	sub(/^target [a-z]+ [-0-9.]+ [-0-9.]+ /, "", what)
	targets = add(targets, sprintf("{\"what\": %s, \"value\": %s, \"limit\": %s, \"met\": %s}",
		quote(what), $2 == "unknown" ? "null" : $3, $4,
		$2 == "unknown" ? "null" : $2 == "met" ? "true" : "false"))
}
$1 == "absent" {
	why = $0
	sub(/^absent [^ ]+ [^ ]+ /, "", why)
	absent = add(absent, sprintf("{\"accounts\": %s, \"setup\": %s, \"why\": %s}",
		quote($2), quote($3), quote(why)))
}
$1 == "fact" { facts = add(facts, quote(substr($0, 6))) }

END {
	printf "{\n  \"kernel\": %s,\n  \"unit\": \"executed guest instructions\",\n", quote(kernel)
	printf "  \"alone\": [\n    %s\n  ],\n  \"added\": [\n    %s\n  ],\n", alone, added
	printf "  \"read\": [\n    %s\n  ],\n  \"targets\": [\n    %s\n  ],\n", read, targets
	printf "  \"absent\": [\n    %s\n  ],\n", absent
	printf "  \"facts\": [\n    %s\n  ]\n}\n", facts
}
