#!/usr/bin/env bash
# Runs the MCP conformance suite against its fixtures, which server/ serves.
#
#   go run ./clients/conformance/server   # prints SERVER_URL
#   clients/conformance/run.sh SERVER_URL
#
# It fails on everything that the suite finds wrong and expected-*.yml does not
# have, warnings included, and on what is listed there and passes. The suite comes
# from the node_modules directory CONFORMANCE_MODULES, or else is installed into
# CI_CACHE, together with the node that it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ $# -ne 1 ]]; then
  echo "usage: $0 SERVER_URL" >&2
  exit 2
fi
readonly url=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

modules=${CONFORMANCE_MODULES:-}
if [[ -z $modules ]]; then
  cache=${CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/make-audit-mcp-ci}
  suite=$cache/conformance-$(cat package.json package-lock.json | cksum | cut -d' ' -f1)
  if [[ ! -d $suite ]]; then
    rm -rf "$suite.new"
    mkdir -p "$suite.new"
    cp package.json package-lock.json .npmrc "$suite.new/"
    npm ci --silent --prefix "$suite.new"
    mv "$suite.new" "$suite"
  fi
  modules=$suite/node_modules
fi
readonly node=$modules/.bin/node # the suite needs 22
readonly conformance=$modules/@modelcontextprotocol/conformance/dist/index.js

# check runs what the options after NAME select.
check() {
  local name=$1 code=0
  shift
  "$node" "$conformance" server --url "$url" "$@" \
    --expected-failures "expected-$name.yml" --output-dir "$work/$name" >"$work/$name.log" 2>&1 || code=$?
  mkdir -p "$work/$name"
  "$node" summary.mjs "$name" "$work/$name" "expected-$name.yml" || code=1
  # What the suite itself says of unexpected passes, or of why it did not run.
  if [[ $code -ne 0 ]]; then
    sed -n -e 's/\x1b\[[0-9;]*m//g' -e '/^Stale baseline entries/,/^$/p' "$work/$name.log"
    if ! grep -q '=== SUMMARY ===' "$work/$name.log"; then tail -n 20 "$work/$name.log"; fi
    echo "$name: FAILED"
  fi
  return "$code"
}

failed=0
# All scenarios of a revision, those too that it does not require.
for revision in 2025-11-25 2026-07-28; do
  check "$revision" --suite all --spec-version "$revision" || failed=1
done
# Extensions belong to no revision; the suite has them among what it calls pending.
check extensions --suite pending || failed=1
exit "$failed"
