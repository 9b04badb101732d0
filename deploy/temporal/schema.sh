#!/bin/sh
# Makes Temporal's two databases in PostgreSQL and brings their tables to this version. Safe to repeat.
set -eu

schemas=/etc/temporal/schema/postgresql/v12

prepare() {
  database=$1
  tables=$2
  sql() {
    temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" --db "$database" "$@"
  }
  sql create
  # Fails where there is a schema already, which the update then finds.
  sql setup-schema --version 0.0 || true
  sql update-schema --schema-dir "$schemas/$tables/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
