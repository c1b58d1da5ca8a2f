#!/bin/sh
# beside.sh LOG LONG-COMMAND -- COMMAND...: runs both at the same time, each a command line for the shell. What the long one
# says goes to LOG and is shown at the end. Fails if one of them does. Interrupted, it ends both and all they started.
set -u
log=$1 long=$2
shift 3

setsid sh -c "$long" >"$log" 2>&1 &
beside=$!
setsid sh -c "$*" &
others=$!
trap 'kill -TERM -"$beside" -"$others" 2>/dev/null; exit 130' INT TERM HUP

wait "$others"
result=$?
echo "waiting for: $long"
wait "$beside"
long_result=$?
cat "$log"
[ "$result" -eq 0 ] && [ "$long_result" -eq 0 ]
