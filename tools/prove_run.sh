#!/usr/bin/env bash
# Prove `make run` on a machine that has nothing: fresh clone, empty folder, bare PATH; killed without warning; started again.
set -euo pipefail
source_tree=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
programs=$(mktemp -d)
supervisor=

processes() { # all that were started from the clone, or on data that lie outside it
  pgrep -f "$place|$outside" || true
}

tidy() {
  [[ -n $supervisor ]] && kill -INT "$supervisor" 2>/dev/null && wait "$supervisor" 2>/dev/null
  rm -rf "$place" "$programs" "$outside"
}

wait_for_page() { # log file; prints the address once the login page has come
  local begun=$SECONDS address= page=
  while ((SECONDS - begun < 300)); do
    kill -0 "$supervisor" 2>/dev/null || { cat "$1"; echo "The supervisor ended." >&2; exit 1; }
    address=$(grep -oE 'Ready: http://[0-9.:]+' "$1" | cut -d' ' -f2 || true)
    if [[ -n $address ]]; then
      page=$(curl --silent --show-error --fail --max-time 10 "$address/login/")
      [[ $page == *'name="password"'* ]] && return
      echo "The first page is not the login." >&2; exit 1
    fi
    sleep 0.1
  done
  cat "$1"; echo "No first page within five minutes." >&2; exit 1
}

start() { # log file
  (cd "$place/gridloop" && exec env -i HOME="$HOME" LANG=C.UTF-8 PATH="$bare_path" PORT=18000 \
    "${certificates[@]}" python3 tools/bootstrap.py run) >"$1" 2>&1 &
  supervisor=$!
}

milliseconds() { date +%s%3N; }

mark=$(printf %s "$place/gridloop" | sha256sum | cut -c1-12)
outside=/var/tmp/gridloop-$mark
trap tidy EXIT

# Every program of the machine except the servers and node that a bare machine lacks.
for folder in /bin /usr/bin /usr/sbin; do
  for program in "$folder"/*; do
    name=${program##*/}
    case $name in
      psql | postgres | pg_* | redis* | valkey* | node | nodejs | npm | npx | docker | uv | python3) ;;
      *) ln -sf "$program" "$programs/$name" ;;
    esac
  done
done
interpreter=$(python3 -c 'import os, sys; print(os.path.realpath(sys._base_executable))')
printf '#!/bin/sh\nexec "%s" "$@"\n' "$interpreter" >"$programs/python3"
chmod +x "$programs/python3"
bare_path=$programs
# The installers need the certificates and the proxy of the local network where it has any.
certificates=()
while IFS= read -r -d '' pair; do
  case ${pair%%=*} in
    *_proxy | *_PROXY | SSL_CERT_* | REQUESTS_CA_BUNDLE | PIP_* | UV_* | NODE_EXTRA_CA_CERTS | NPM_CONFIG_*)
      certificates+=("$pair") ;;
  esac
done < <(env -0)

git clone --quiet "$source_tree" "$place/gridloop"
[[ -z $(env -i PATH="$bare_path" sh -c 'command -v psql postgres redis-server valkey-server node' || true) ]]

begun=$(milliseconds)
start "$place/first.log"
wait_for_page "$place/first.log"
cold=$(($(milliseconds) - begun))
echo "cold start: first page after $((cold / 1000)).$((cold % 1000 / 100)) s"

kill -9 "$supervisor"
wait "$supervisor" 2>/dev/null || true
supervisor=
for _ in $(seq 100); do
  [[ -z $(processes) ]] && break
  sleep 0.1
done
if [[ -n $(processes) ]]; then
  echo "These outlived the killed supervisor:" >&2
  ps -fp "$(processes | paste -sd,)" >&2
  exit 1
fi
echo "killed the supervisor: 0 processes left"

begun=$(milliseconds)
start "$place/second.log"
wait_for_page "$place/second.log"
warm=$(($(milliseconds) - begun))
echo "warm start: first page after $((warm / 1000)).$((warm % 1000 / 100)) s"
if grep -q 'only on the first start' "$place/second.log"; then
  echo "The second start made the demo world again: the data did not survive." >&2
  exit 1
fi
((warm <= 10000)) || echo "warning: a warm start should take at most 10 s" >&2

kill -INT "$supervisor"
wait "$supervisor"
supervisor=
[[ -z $(processes) ]] || { echo "Ctrl-C left processes behind." >&2; exit 1; }
echo "Ctrl-C: 0 processes left"
