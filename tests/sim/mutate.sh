#!/usr/bin/env bash
# One mutation (a patch): its files are compiled anew and put before the libraries when the simulation is linked.
# Prints a line of the table: NAME yes|NO|precaution|broken WHAT. Called by scripts/sim.sh.
set -uo pipefail
patch=$1
name=$(basename "$patch" .patch)
dir=$FNL_SIM_WORK/$name
line() { printf '%-32s %-10s %s\n' "$name" "$1" "$2"; }

mkdir -p "$dir"
objects=()
for file in $(sed -n 's/^+++ b\///p' "$patch"); do
	mkdir -p "$dir/$(dirname "$file")"
	cp "$file" "$dir/$file"
done
if ! patch -s -p1 -d "$dir" <"$patch" >"$dir/log" 2>&1; then
	line broken "the patch does not fit the sources any more: $(head -n 1 "$dir/log")"
	exit 0
fi
for file in $(sed -n 's/^+++ b\///p' "$patch"); do
	object=$dir/$(basename "$file").o
	command=$(jq -r --arg file "$PWD/$file" '[.[] | select(.file == $file and (.command | test(" -c ")))][0].command' "$FNL_SIM_WORK/compdb")
	command=${command//"$PWD/$file"/"$dir/$file"}
	command=$(sed -E 's/ -M[DTF]+ [^ ]*//g; s/ -MD//; s/ -o [^ ]+/ -o @OBJECT@/' <<<"$command")
	# the file's own folder is where its private headers are
	command="${command//@OBJECT@/$object} -I$PWD/$(dirname "$file") -Wno-error"
	if ! (cd build && eval "$command") >"$dir/log" 2>&1; then
		line broken "it does not compile: $(grep -m 1 error "$dir/log")"
		exit 0
	fi
	objects+=("$object")
done
link=$(sed -E "s# -o bin/sim # -o $dir/sim ${objects[*]} #" "$FNL_SIM_WORK/link")
if ! (cd build && eval "$link") >"$dir/log" 2>&1; then
	line broken "it does not link: $(grep -m 1 -E 'error|undefined|multiple' "$dir/log")"
	exit 0
fi
aged=$(grep -q '^Runs: aged' "$patch" && echo --aged)
# what nothing can notice is not looked for as long
seeds=$(grep -q '^Precaution:' "$patch" && echo 1000 || echo "$FNL_SIM_SEEDS")
workload=$(sed -n 's/^Workload: /--workload /p' "$patch")
rc=0
run() { "$dir/sim" --from "$1" --seeds "$2" --jobs 1 --quiet $aged $workload >"$dir/out" 2>&1 || rc=$?; }
# where it was seen before is the first place to look
seen=$(sed -n 's/^Seen: //p' "$patch")
[ -z "$seen" ] || run "$seen" 1
[ $rc -ne 0 ] || run 1 "$seeds"
found=$(grep -a -m 1 '^FAILED seed' "$dir/out" | sed 's/^FAILED seed //' | cut -c1-150)
if [ $rc -ne 0 ] && [ -n "$found" ]; then
	line yes "$found"
elif [ $rc -eq 0 ] && grep -q '^Precaution:' "$patch"; then
	line precaution "$(sed -n 's/^Precaution: //p' "$patch" | cut -c1-150)"
else
	line NO "survived ($(head -n 1 "$dir/out"))"
fi
rm -rf "$dir"
