#!/bin/sh
# Runs an empty PostgreSQL on a port of this machine, with its data in a directory, until it is asked to end.
# usage: postgres.sh DIRECTORY PORT
set -eu
directory=$1
port=$2

# Debian and Homebrew keep the programs of a server off PATH.
for bin in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
  PATH=$PATH:$bin
done
for program in initdb postgres; do
  command -v "$program" >/dev/null && continue
  echo "$program is not installed; apex --profile docker takes an image" >&2
  exit 127
done

# PostgreSQL refuses to run as root, as which containers often run.
as_user=
if [ "$(id -u)" = 0 ]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  chown "$user" "$directory"
  as_user="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
fi

cd "$directory"
$as_user initdb --pgdata=data --username=shop --auth=trust --encoding=UTF8 --no-sync >&2
# What it holds is gone with it, so nothing is lost when the machine is.
exec $as_user postgres -D data -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
