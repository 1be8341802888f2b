-- The ledger only grows. Three walls: these triggers, the missing grants of every role but the owner, and checkpoints
-- outside the database (which no SQL can provide).

CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: the ledger only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_append_only',
              HINT = 'Correct by a new entry that names the old one.';
END $$;

CREATE FUNCTION custody_no_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: custody records are never deleted', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'custody_no_deletion';
END $$;

CREATE FUNCTION ledger_erasure_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.salt IS NULL AND NEW.value IS NULL
       AND (NEW.id, NEW.entry_id, NEW.field) = (OLD.id, OLD.entry_id, OLD.field) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % refused: a committed value can be erased, nothing else', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_erasure_only';
END $$;

CREATE FUNCTION ledger_head_advances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.kind, NEW.uuid, NEW.created_at) = (OLD.id, OLD.kind, OLD.uuid, OLD.created_at)
       AND NEW.head_sequence > OLD.head_sequence
       AND (OLD.head_recorded_at IS NULL OR NEW.head_recorded_at >= OLD.head_recorded_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % refused: the head of a stream only advances', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_head_advances';
END $$;

CREATE FUNCTION ledger_pending_until_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM chain_of_custody_leaf WHERE entry_id = OLD.entry_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'DELETE on % refused: entry % has no place in the log yet', TG_TABLE_NAME, OLD.entry_id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_pending_until_logged';
END $$;

-- Once per batch: the new indexes must continue the old ones without a gap.
CREATE FUNCTION ledger_leaves_contiguous() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    last bigint;
    made bigint;
    before bigint;
BEGIN
    SELECT min(index), max(index), count(*) INTO first, last, made FROM fresh;
    IF made = 0 THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(index), -1) INTO before FROM chain_of_custody_leaf WHERE index < first;
    IF first <> before + 1 OR last - first + 1 <> made THEN
        RAISE EXCEPTION 'leaves % to % (% rows) do not follow leaf %', first, last, made, before
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_leaves_contiguous';
    END IF;
    RETURN NULL;
END $$;

-- The row is read again: by the end of the transaction it may have changed once more.
CREATE FUNCTION custody_container_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Two questions rather than one with OR, so that each can use its index.
    IF EXISTS (
        SELECT FROM chain_of_custody_item i JOIN chain_of_custody_item c ON c.id = i.container_id
        WHERE i.id = NEW.id AND i.custodian_id <> c.custodian_id
    ) OR EXISTS (
        SELECT FROM chain_of_custody_item c JOIN chain_of_custody_item i ON i.container_id = c.id
        WHERE c.id = NEW.id AND i.custodian_id <> c.custodian_id
    ) THEN
        RAISE EXCEPTION 'item % and its container have different custodians', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'custody_container_agrees';
    END IF;
    RETURN NULL;
END $$;

-- For each statement: refused even where no row would match. ALWAYS: also under session_replication_role = replica.
DO $$
DECLARE
    grown text;
    kept text;
BEGIN
    FOREACH grown IN ARRAY ARRAY['entry', 'leaf', 'tile', 'checkpoint'] LOOP
        EXECUTE format(
            'CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON chain_of_custody_%1$s
             FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
             ALTER TABLE chain_of_custody_%1$s ENABLE ALWAYS TRIGGER ledger_append_only', grown);
    END LOOP;
    FOREACH grown IN ARRAY ARRAY['commitment', 'stream'] LOOP
        EXECUTE format(
            'CREATE TRIGGER ledger_append_only BEFORE DELETE OR TRUNCATE ON chain_of_custody_%1$s
             FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
             ALTER TABLE chain_of_custody_%1$s ENABLE ALWAYS TRIGGER ledger_append_only', grown);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['party', 'item', 'seal', 'handover', 'handoverline', 'storedfile'] LOOP
        EXECUTE format(
            'CREATE TRIGGER custody_no_deletion BEFORE DELETE OR TRUNCATE ON chain_of_custody_%1$s
             FOR EACH STATEMENT EXECUTE FUNCTION custody_no_deletion();
             ALTER TABLE chain_of_custody_%1$s ENABLE ALWAYS TRIGGER custody_no_deletion', kept);
    END LOOP;
END $$;

CREATE TRIGGER ledger_append_only BEFORE UPDATE OR TRUNCATE ON chain_of_custody_pending
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
ALTER TABLE chain_of_custody_pending ENABLE ALWAYS TRIGGER ledger_append_only;

CREATE TRIGGER ledger_pending_until_logged BEFORE DELETE ON chain_of_custody_pending
    FOR EACH ROW EXECUTE FUNCTION ledger_pending_until_logged();
ALTER TABLE chain_of_custody_pending ENABLE ALWAYS TRIGGER ledger_pending_until_logged;

CREATE TRIGGER ledger_erasure_only BEFORE UPDATE ON chain_of_custody_commitment
    FOR EACH ROW EXECUTE FUNCTION ledger_erasure_only();
ALTER TABLE chain_of_custody_commitment ENABLE ALWAYS TRIGGER ledger_erasure_only;

CREATE TRIGGER ledger_head_advances BEFORE UPDATE ON chain_of_custody_stream
    FOR EACH ROW EXECUTE FUNCTION ledger_head_advances();
ALTER TABLE chain_of_custody_stream ENABLE ALWAYS TRIGGER ledger_head_advances;

CREATE TRIGGER ledger_leaves_contiguous AFTER INSERT ON chain_of_custody_leaf
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_leaves_contiguous();
ALTER TABLE chain_of_custody_leaf ENABLE ALWAYS TRIGGER ledger_leaves_contiguous;

CREATE CONSTRAINT TRIGGER custody_container_agrees
    AFTER INSERT OR UPDATE OF container_id, custodian_id ON chain_of_custody_item
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION custody_container_agrees();
ALTER TABLE chain_of_custody_item ENABLE ALWAYS TRIGGER custody_container_agrees;

-- What the triggers refuse, no role but the owner may even ask for. The roles' names are the installation's. A function,
-- so that deploy/db/roles.sql can call it again after granting.
CREATE FUNCTION ledger_rights_restrict() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held record;
    columns text;
BEGIN
    FOR held IN
        SELECT DISTINCT c.relname AS name, a.grantee::regrole::text AS role
        FROM pg_trigger t
        JOIN pg_proc p ON p.oid = t.tgfoid AND p.proname IN ('ledger_append_only', 'custody_no_deletion')
        JOIN pg_class c ON c.oid = t.tgrelid
        CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE a.grantee NOT IN (c.relowner, 0)
    LOOP
        EXECUTE format('REVOKE TRUNCATE, TRIGGER, REFERENCES ON %I FROM %s', held.name, held.role);
        IF held.name <> 'chain_of_custody_pending' THEN
            EXECUTE format('REVOKE DELETE ON %I FROM %s', held.name, held.role);
        END IF;
        IF held.name IN ('chain_of_custody_entry', 'chain_of_custody_leaf', 'chain_of_custody_tile',
                         'chain_of_custody_checkpoint', 'chain_of_custody_pending',
                         'chain_of_custody_commitment', 'chain_of_custody_stream') THEN
            EXECUTE format('REVOKE UPDATE ON %I FROM %s', held.name, held.role);
        END IF;
        columns := CASE held.name
            WHEN 'chain_of_custody_commitment' THEN 'salt, value, erased_at'
            WHEN 'chain_of_custody_stream' THEN 'head_sequence, head_hash, head_recorded_at'
        END;
        IF columns IS NOT NULL THEN
            EXECUTE format('GRANT UPDATE (%s) ON %I TO %s', columns, held.name, held.role);
        END IF;
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION ledger_rights_restrict() FROM PUBLIC;
SELECT ledger_rights_restrict();
