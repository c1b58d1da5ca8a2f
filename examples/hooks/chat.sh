#!/bin/sh
# Posts an event to a chat's incoming web hook: {"text": "..."}, as Slack, Mattermost and Rocket.Chat take it.
# In mpp.yaml, with the address itself, or better with a file that holds it, for whoever knows it may post:
#
#   alerts:
#     hooks:
#       - { run: [/etc/mpp/hooks/chat.sh, "@/etc/mpp/chat-url"], timeout: 15s }
set -eu

[ $# -eq 1 ] || { echo "usage: chat.sh URL | @FILE" >&2; exit 2; }
case $1 in
    @*) url=$(cat -- "${1#@}") ;;
    *) url=$1 ;;
esac

text="MPP $MPP_SEVERITY: $MPP_EVENT${MPP_ABOUT:+ ($MPP_ABOUT)}${MPP_POOL:+, pool $MPP_POOL}${MPP_NODE:+, node $MPP_NODE}"
text="$text on $(uname -n): $MPP_REASON"
# Values come without control characters: these two are all that JSON wants escaped.
escaped=$(printf '%s' "$text" | sed 's/\\/\\\\/g; s/"/\\"/g')

# The address goes in by standard input: arguments can be seen by everyone on this machine. Three tries take 11 s at most.
printf 'url = "%s"\n' "$url" | curl --config - --fail --silent --show-error --output /dev/null \
    --max-time 3 --retry 2 --retry-delay 1 --retry-connrefused --retry-max-time 8 \
    --header 'Content-Type: application/json' --data-raw "{\"text\": \"$escaped\"}"
