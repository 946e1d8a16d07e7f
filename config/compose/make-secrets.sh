#!/bin/sh
# Makes what the services of docker-compose.yml share, in ./secrets; leaves what is there. Needs openssl.
# The folder is its owner's alone; the files can be read by whoever a container runs as.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p secrets
chmod 700 secrets
keep() {
  [ -e "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"
  chmod 644 "secrets/$1"
}
for name in component http-token postgres grafana; do
  keep "$name" "$(openssl rand -hex 32)"
done
for gateway in a b; do
  keep "archive-$gateway" "postgres://foyer:$(cat secrets/postgres)@postgres/foyer_$gateway?sslmode=disable"
done
keep ejabberd-macros "define_macro: { FOYER_SECRET: \"$(cat secrets/component)\" }"
ls secrets
