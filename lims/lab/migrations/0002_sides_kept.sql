-- UNIQUE(report, party) keeps reviewer and author apart only as long as the side first taken stays on record.

CREATE FUNCTION report_sides_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: the side a person took of a report stays on record', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'report_sides_kept',
              HINT = 'Let another person review; sides are never taken back.';
END $$;

-- ALWAYS: also under session_replication_role = replica.
CREATE TRIGGER report_sides_kept BEFORE DELETE OR TRUNCATE ON lab_reportperson
    FOR EACH STATEMENT EXECUTE FUNCTION report_sides_kept();
ALTER TABLE lab_reportperson ENABLE ALWAYS TRIGGER report_sides_kept;

CREATE TRIGGER report_sides_unchanged BEFORE UPDATE ON lab_reportperson FOR EACH ROW
    WHEN ((NEW.id, NEW.report_id, NEW.party_id, NEW.side) IS DISTINCT FROM (OLD.id, OLD.report_id, OLD.party_id, OLD.side))
    EXECUTE FUNCTION report_sides_kept();
ALTER TABLE lab_reportperson ENABLE ALWAYS TRIGGER report_sides_unchanged;
