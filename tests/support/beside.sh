#!/bin/sh
# beside.sh LOG LONG-COMMAND [LOG LONG-COMMAND]... -- COMMAND: runs all at the same time, each a command line for the shell.
# What a long one says goes to its LOG and is shown at the end. Fails if one of them does. Interrupted, it ends all, and
# all they started, and removes what they left.
set -u
started='' logs=''
while [ "$1" != -- ]; do
    setsid sh -c "$2" >"$1" 2>&1 &
    started="$started $!" logs="$logs $1"
    shift 2
done
shift
setsid sh -c "$*" &
others=$!
# shellcheck disable=SC2317 # the trap comes here
stop() {
    trap '' INT TERM HUP
    for each in $started $others; do kill -TERM -"$each" 2>/dev/null; done
    wait
    # Servers end a moment after the tests that started them.
    sleep 2
    "${CARGO:-cargo}" test --locked --quiet --test sweep >&2
    exit 130
}
trap stop INT TERM HUP

result=0
wait "$others" || result=1
# shellcheck disable=SC2086 # one path a word
set -- $logs
for each in $started; do
    echo "waiting for what goes to $1"
    wait "$each" || result=1
    cat "$1"
    shift
done
exit "$result"
