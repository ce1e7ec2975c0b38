-- The rooms every later migration uses: the business clock and the audit trail.

CREATE SCHEMA sandbox;
COMMENT ON SCHEMA sandbox IS 'State that exists only so that a sandbox can be driven; empty in production.';

CREATE TABLE sandbox.clock (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stands_at timestamptz NOT NULL
);
COMMENT ON TABLE sandbox.clock IS 'The sandbox clock: no row = follow real time; a row = business time stands still at that instant.';
COMMENT ON COLUMN sandbox.clock.stands_at IS 'The instant every rule, certificate and job sees as "now".';

CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'Views for operators. Read-only; every question an operator asks often has a view here.';

CREATE FUNCTION ops.business_now() RETURNS timestamptz
LANGUAGE sql STABLE
RETURN coalesce((SELECT stands_at FROM sandbox.clock), now());
COMMENT ON FUNCTION ops.business_now() IS 'Business time for the ops views only; the program passes its own clock into every statement.';

CREATE SCHEMA audit;
COMMENT ON SCHEMA audit IS 'Who changed what, when, from where.';

CREATE TABLE audit.event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text NOT NULL CHECK (actor ~ '^(reseller|acme|operator|job|gateway):'),
    action     text NOT NULL,
    subject    text NOT NULL,
    before     jsonb,
    after      jsonb,
    source     inet
);
COMMENT ON TABLE audit.event IS 'One row per state change, written in the transaction that makes the change. Append-only.';
COMMENT ON COLUMN audit.event.at IS 'Business time of the change.';
COMMENT ON COLUMN audit.event.actor IS 'reseller:<login>, acme:<account id>, operator:<who>, job:<name> or gateway:<component>.';
COMMENT ON COLUMN audit.event.action IS 'What happened, noun.verb: domain.added, certificate.issued, issuance.refused, ...';
COMMENT ON COLUMN audit.event.subject IS 'The thing that changed: a domain name, order id, EAB key id, login, certificate serial, ...';
COMMENT ON COLUMN audit.event.source IS 'Network address the request came from, if any.';
CREATE INDEX event_subject ON audit.event (subject, at);
CREATE INDEX event_action ON audit.event (action, at);

CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION audit.refuse_change() IS 'Trigger body of append-only tables.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.event
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
