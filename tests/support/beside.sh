#!/bin/sh
# beside.sh LOG LONG-COMMAND -- COMMAND...: runs both at the same time, each a command line for the shell; the long one's
# output goes to LOG and is shown at the end. Fails if one of them does. Interrupted, it ends both.
set -u
log=$1 long=$2
shift 3

set -m
sh -c "exec $long" >"$log" 2>&1 &
beside=$!
trap 'kill -TERM -"$beside" 2>/dev/null; exit 130' INT TERM HUP
sh -c "$*"
result=$?
echo "waiting for: $long"
wait "$beside"
long_result=$?
trap - INT TERM HUP
cat "$log"
[ "$result" -eq 0 ] && [ "$long_result" -eq 0 ]
