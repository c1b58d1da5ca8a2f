#!/bin/sh
# Runs every fuzz target, two at a time: fuzz/run.sh [SECONDS EACH, 60 if not said]. What makes one fail is kept in
# fuzz/artifacts and named. The stable toolchain does: the flags are those that cargo-fuzz gives for `-s none`.
set -eu
cd "$(dirname "$0")"
each=${1:-60}
host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cllvm-args=-sanitizer-coverage"
flags="--cfg fuzzing -Cpasses=sancov-module $coverage-level=4 $coverage-inline-8bit-counters $coverage-pc-table"
# With --target the flags are not those of build scripts and macros.
RUSTFLAGS="$flags $coverage-trace-compares" "${CARGO:-cargo}" build --locked --release --target "$host" --target-dir target

TMPDIR=$(mktemp -d)
export TMPDIR
started=
stop() {
    # shellcheck disable=SC2086 # one process id a word
    [ -z "$started" ] || kill $started 2>/dev/null || :
    rm -rf "$TMPDIR"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

begin() { # TARGET [MORE SEEDS]
    target=$1
    mkdir -p "target/corpus/$target" "artifacts/$target"
    shift
    timeout -k 10 $((each + 120)) "target/$host/release/$target" "target/corpus/$target" "corpus/$target" "$@" \
        "-max_total_time=$each" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        "-artifact_prefix=artifacts/$target/" >"target/$target.log" 2>&1 &
    started="$started $!"
}

# A target that finds nothing new at all is not instrumented.
end() { # TARGET PID
    code=0
    wait "$2" || code=$?
    log=target/$1.log
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    first=$(sed -n 's/^#.*INITED cov: \([0-9]*\).*/\1/p' "$log")
    last=$(sed -n 's/^#.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    echo "fuzz $1: ${runs:-no} runs, coverage ${first:-none} to ${last:-none}"
    if [ "$code" -ne 0 ] || [ "${last:-0}" -lt 100 ]; then
        grep -v -e '^#' -e '# Uses' "$log" | tail -n 40 >&2
        echo "fuzz $1: failed; the input, if there is one, is in fuzz/artifacts/$1" >&2
        exit 1
    fi
}

both() { # TARGET TARGET: as begun, in this order
    # shellcheck disable=SC2086 # one process id a word
    set -- "$1" "$2" $started
    end "$1" "$3"
    end "$2" "$4"
    started=
}

begin state_reader
begin config ../tests/cases/config
both state_reader config
begin control
begin answers
both control answers
begin keepalived ../tests/cases/keepalived
# shellcheck disable=SC2086 # one process id
end keepalived $started
started=
