#!/usr/bin/env bash
# Fetches the Ethora chat component of the npm registry, and React for it, into a cache of its own. As a dependency of
# this project it would bring npm and Firebase along, 100 MB that nobody but one test needs.
set -euo pipefail

PACKAGES=(
  "@ethora/chat-component@24.12.34 sha512-ioY0m0Cu3LFi4/X4bJs9hFvXlv5OJblKsJINOcp1/cI1NC48YQJBE981vo73WhZZtkznXxz9mpbyH+V1E6j2Wg=="
  "react@18.3.1 sha512-wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ=="
  "react-dom@18.3.1 sha512-5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw=="
)

folder="${XDG_CACHE_HOME:-$HOME/.cache}/foyer/ethora-24.12.34"
if [ -d "$folder" ]; then exit 0; fi
mkdir -p "$(dirname "$folder")"
fresh=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
for entry in "${PACKAGES[@]}"; do
  read -r package integrity <<<"$entry"
  tarball=$(npm pack --silent --pack-destination "$fresh" "$package")
  digest="sha512-$(openssl dgst -sha512 -binary "$fresh/$tarball" | base64 -w0)"
  if [ "$digest" != "$integrity" ]; then echo "$package is not what it was: $digest" >&2; exit 1; fi
  name=${package%@*}
  mkdir -p "$fresh/$name"
  tar xzf "$fresh/$tarball" -C "$fresh/$name" --strip-components=1
  rm "$fresh/$tarball"
done
mv -T "$fresh" "$folder"
trap - EXIT
