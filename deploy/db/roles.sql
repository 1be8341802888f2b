-- The two roles of a Spoor database on a server of your own, and what they may do.
--
--   psql "$SUPERUSER_URL" -d spoor -f roles.sql      before the first `manage.py migrate`, and harmless at any time later
--
-- spoor_owner  owns every table and runs migrations; nothing else signs in with it
-- spoor_app    web, workers and sequencer: may never UPDATE, DELETE or TRUNCATE what the ledger keeps
--
-- Afterwards give both a password:  \password spoor_owner   \password spoor_app

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'spoor_owner') THEN
        CREATE ROLE spoor_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'spoor_app') THEN
        CREATE ROLE spoor_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    IF pg_has_role('spoor_app', 'spoor_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'spoor_app is a member of spoor_owner and could rewrite the ledger'
            USING HINT = 'REVOKE spoor_owner FROM spoor_app, then run this file again.';
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO spoor_app, spoor_owner', current_database());
END $$;

ALTER SCHEMA public OWNER TO spoor_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO spoor_app;

-- For tables that migrations will make; the ledger's migration takes rights away again where it must.
ALTER DEFAULT PRIVILEGES FOR ROLE spoor_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO spoor_app;
ALTER DEFAULT PRIVILEGES FOR ROLE spoor_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO spoor_app;

-- For tables that are there already.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO spoor_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO spoor_app;
DO $$
BEGIN
    IF to_regprocedure('ledger_rights_restrict()') IS NOT NULL THEN
        PERFORM ledger_rights_restrict();
    END IF;
END $$;
