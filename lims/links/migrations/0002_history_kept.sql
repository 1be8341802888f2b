-- A link is the sum of its entries: they are added and never changed or removed.

CREATE FUNCTION link_history_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: what happened to a link stays on record', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'link_history_kept',
              HINT = 'Reject, separate or withdraw by a new entry.';
END $$;

-- ALWAYS: also under session_replication_role = replica.
CREATE TRIGGER link_history_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON links_linkentry
    FOR EACH STATEMENT EXECUTE FUNCTION link_history_kept();
ALTER TABLE links_linkentry ENABLE ALWAYS TRIGGER link_history_kept;

CREATE TRIGGER link_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON links_link
    FOR EACH STATEMENT EXECUTE FUNCTION link_history_kept();
ALTER TABLE links_link ENABLE ALWAYS TRIGGER link_kept;
