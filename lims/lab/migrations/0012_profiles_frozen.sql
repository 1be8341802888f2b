-- A profile is evidence: its row is never changed or removed; a new profile supersedes it.

CREATE FUNCTION profile_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: a profile of evidence stays as it was entered', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'profile_frozen',
              HINT = 'Enter a new profile that supersedes it.';
END $$;

-- ALWAYS: also under session_replication_role = replica.
CREATE TRIGGER profile_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON lab_profile
    FOR EACH STATEMENT EXECUTE FUNCTION profile_frozen();
ALTER TABLE lab_profile ENABLE ALWAYS TRIGGER profile_frozen;
