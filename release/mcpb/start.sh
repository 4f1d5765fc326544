#!/bin/sh
# Starts the binary for this machine's processor.
binary=$(dirname "$0")/make-audit-mcp-$(uname -m)
if [ ! -f "$binary" ]; then
  echo "make-audit-mcp: there is no binary for $(uname -m) here, only for x86_64 and aarch64" >&2
  exit 1
fi
# Not every host keeps the mode of what it unpacks.
[ -x "$binary" ] || chmod +x "$binary"
exec "$binary" "$@"
