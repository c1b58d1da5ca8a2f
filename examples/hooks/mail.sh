#!/bin/sh
# Mails an event to these addresses. In mpp.yaml:
#
#   alerts:
#     hooks:
#       - run: [/etc/mpp/hooks/mail.sh, dba@example.com]
#
# SENDMAIL in mppd's environment names another program that takes a mail as sendmail -t does, such as msmtp.
# Under mppd.service, Postfix's own sendmail wants more than the unit gives it: see docs/alerts.md.
set -eu

[ $# -gt 0 ] || { echo "usage: mail.sh ADDRESS..." >&2; exit 2; }
sendmail=${SENDMAIL:-$(PATH="$PATH:/usr/sbin:/usr/lib" command -v sendmail || true)}
[ -n "$sendmail" ] || { echo "there is no sendmail; install one (msmtp-mta, postfix), or set SENDMAIL" >&2; exit 1; }

what=$MPP_EVENT${MPP_ABOUT:+ ($MPP_ABOUT)}
where=${MPP_POOL:+, pool $MPP_POOL}${MPP_NODE:+, node $MPP_NODE}
to=$1
shift
for address in "$@"; do
    to="$to, $address"
done

# Values come without line breaks: nothing in them can become a header.
mail() {
    cat <<EOF
To: $to
Subject: MPP $MPP_SEVERITY: $what$where
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8

$MPP_REASON

event      $what
severity   $MPP_SEVERITY
time       $MPP_TIME
director   $(uname -n)
EOF
    line pool "$MPP_POOL"
    line node "$MPP_NODE"
    line from "$MPP_FROM"
    line to "$MPP_TO"
    line epoch "$MPP_EPOCH"
    if [ -n "$MPP_POOL" ]; then
        printf '\nmpp why %s    says what holds, what blocks, and what helps.\n' "$MPP_POOL"
    fi
}

line() {
    [ -z "$2" ] || printf '%-10s %s\n' "$1" "$2"
}

mail | "$sendmail" -t -oi
