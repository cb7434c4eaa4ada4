#!/usr/bin/env bash
# health.sh [ADDRESS:PORT]: 0 when the worker's /health answers 200, else 1, and what it answers. Without an address: the
# one of FUNNELD_HTTP_LISTEN, as in the image, which has bash but no other client.
set -euo pipefail

address=${1:-${FUNNELD_HTTP_LISTEN:-127.0.0.1:9464}}
host=${address%:*} port=${address##*:}
[ "$host" != 0.0.0.0 ] || host=127.0.0.1
exec 3<>"/dev/tcp/$host/$port"
printf 'GET /health HTTP/1.0\r\n\r\n' >&3
answer=$(timeout 4 cat <&3)
printf '%s\n' "${answer##*$'\r\n\r\n'}"
[[ $answer == HTTP/1.[01]' 200 '* ]]
