#!/bin/bash
# Runs once, when PostgreSQL makes its data: a database and an owner for Airflow, and one of each for the ledger.
# Neither owner sees the other's database.
set -eu
for name in airflow ledger; do
    case $name in
        airflow) password=$(cat /run/secrets/metadata_password) ;;
        ledger) password=$(cat /run/secrets/ledger_password) ;;
    esac
    # Through the standard input, because arguments show in the list of processes.
    PGOPTIONS='-c log_statement=none -c log_min_error_statement=panic' psql --quiet --no-psqlrc \
        --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
\set password '$password'
CREATE ROLE $name LOGIN PASSWORD :'password';
CREATE DATABASE $name OWNER $name ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE $name FROM PUBLIC;
SQL
done
