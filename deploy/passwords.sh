#!/bin/sh
# Run by the PostgreSQL image at its first start, after roles.sql: gives both roles their passwords.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set owner="$SPOOR_OWNER_PASSWORD" --set app="$SPOOR_APP_PASSWORD" <<'SQL'
ALTER ROLE spoor_owner PASSWORD :'owner';
ALTER ROLE spoor_app PASSWORD :'app';
SQL
