# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Completion of brkwatch for bash. Verbs, options and columns are asked of the
# tool itself: "brkwatch [VERB] --complete" prints a line for each. It needs
# nothing but bash; with bash-completion it also completes the
# arguments of the command that run and record are given.

# The table of the verb $verb, or of the tool, one line an element of $table.
_brkwatch_read_table()
{
	mapfile -t table < <("${tool/#\~/$HOME}" ${verb:+"$verb"} --complete 2>/dev/null)
}

# Sets $arg to the name of what option $1 takes, to "-" if it takes nothing.
_brkwatch_find_arg()
{
	local line kind letter long rest

	arg=-
	for line in "${table[@]}"; do
		read -r kind letter long arg rest <<<"$line"
		[[ $kind == option && ($1 == "$letter" || $1 == "$long") ]] && return
		arg=-
	done
}

# Sets $found to word $2, the first being 0, of the lines that begin with $1.
_brkwatch_pick()
{
	local line words

	found=()
	for line in "${table[@]}"; do
		[[ $line == "$1 "* ]] || continue
		read -ra words <<<"$line"
		[[ ${words[$2]} == - ]] || found+=("${words[$2]}")
	done
}

# Offers those of the words behind $1 that begin with $cur, behind the prefix $1.
_brkwatch_offer()
{
	local prefix=$1 word

	shift
	for word; do
		[[ $prefix$word == "$cur"* ]] && COMPREPLY+=("$prefix$word")
	done
}

# Kernel threads have no command line, and no account.
_brkwatch_pids()
{
	local dir byte

	for dir in /proc/"${cur//[!0-9]/-}"*/; do
		dir=${dir#/proc/}
		dir=${dir%/}
		[[ $dir == *[!0-9]* ]] && continue
		IFS= read -r -d '' -n 1 byte 2>/dev/null <"/proc/$dir/cmdline"
		[[ ! $byte ]] || COMPREPLY+=("$dir")
	done
}

# Names with other than plain characters have to be typed.
_brkwatch_names()
{
	local file name
	local -A names=()

	for file in /proc/[1-9]*/comm; do
		IFS= read -r name 2>/dev/null <"$file" || continue
		[[ $name == *[!A-Za-z0-9._+:@-]* ]] || names[$name]=1
	done
	_brkwatch_offer '' "${!names[@]}"
}

# What may stand where the help says $1.
_brkwatch_values()
{
	local found prefix=''

	case $1 in
	PID) _brkwatch_pids ;;
	NAME) _brkwatch_names ;;
	DIR)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	FILE)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	COL)
		[[ $cur != -* ]] || prefix=-
		_brkwatch_pick "value COL" 2
		_brkwatch_offer "$prefix" "${found[@]}"
		;;
	COLS)
		compopt -o nospace 2>/dev/null
		[[ $cur != +* ]] || prefix=+
		[[ $cur != *,* ]] || prefix=${cur%,*},
		_brkwatch_pick "value COL" 2
		_brkwatch_offer "$prefix" "${found[@]}"
		;;
	*)
		_brkwatch_pick "value $1" 2
		_brkwatch_offer '' "${found[@]}"
		;;
	esac
}

# Goes over the words before the cursor. Sets $verb and its $table, $wanted to
# the name of what the option before the cursor takes, $nr to how many words
# behind the verb are no options, and $first to where the first of them stands.
_brkwatch_look_back()
{
	local i word arg is_over=''

	verb='' wanted='' nr=0 first=0
	_brkwatch_read_table
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == -- && ! $is_over ]]; then
			is_over=1
			((first)) || first=$((i + 1))
		elif [[ $word == -* && ! $is_over ]]; then
			_brkwatch_find_arg "$word"
			[[ $arg != - ]] || continue
			[[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))
			((++i < COMP_CWORD)) || wanted=$arg
		elif [[ ! $verb ]]; then
			verb=$word
			_brkwatch_read_table
		else
			((nr++)) || first=$i
		fi
	done
}

# The command of run and of record, from word $1 on.
_brkwatch_command()
{
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [[ $1 == "$COMP_CWORD" ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	else
		compopt -o default 2>/dev/null
	fi
}

# What stands behind the verb; of "PID [INTERVAL [COUNT]]" it is the word's turn.
_brkwatch_argument()
{
	local line words=() word

	for line in "${table[@]}"; do
		[[ $line != arguments* ]] || read -ra words <<<"${line//[\[\].]/}"
	done
	if [[ " ${words[*]} " == *" COMMAND "* ]]; then
		_brkwatch_command "$((first ? first : COMP_CWORD))"
		return
	fi
	for word in ${words[nr + 1]//|/ }; do
		_brkwatch_values "$word"
	done
}

_brkwatch()
{
	local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} table verb wanted nr first found

	COMPREPLY=()
	[[ $cur != = ]] || cur=''
	_brkwatch_look_back
	if [[ $wanted ]]; then
		_brkwatch_values "$wanted"
	elif [[ $cur == -* ]] && ((!first)); then
		_brkwatch_pick option 2
		_brkwatch_offer '' "${found[@]}"
		_brkwatch_pick option 1
		_brkwatch_offer '' "${found[@]}"
	elif [[ ! $verb ]]; then
		_brkwatch_pick verb 1
		_brkwatch_offer '' "${found[@]}"
	else
		_brkwatch_argument
	fi
}

complete -F _brkwatch brkwatch
