-- Many certificates revoked by one decision; and what the receivers of notices answered.

CREATE TABLE operation.bulk_revocation (
    id          uuid PRIMARY KEY,
    criterion   text NOT NULL CHECK (criterion IN ('name', 'key', 'account', 'credential', 'serials')),
    value       text NOT NULL CHECK (length(value) <= 300),
    reason      smallint NOT NULL CHECK (reason IN (0, 1, 3, 4, 5, 9)),
    why         text NOT NULL CHECK (length(why) BETWEEN 1 AND 500),
    actor       text NOT NULL,
    source      inet,
    status      text NOT NULL DEFAULT 'prepared'
                CHECK (status IN ('prepared', 'running', 'done', 'cancelled')),
    total       integer NOT NULL DEFAULT 0,
    done        integer NOT NULL DEFAULT 0 CHECK (done >= 0),
    failed      integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
    prepared_at timestamptz NOT NULL,
    started_at  timestamptz,
    ended_at    timestamptz,
    CONSTRAINT counts_fit CHECK (done + failed <= total),
    CONSTRAINT started_is_dated CHECK ((status IN ('running', 'done')) <= (started_at IS NOT NULL)),
    CONSTRAINT ended_is_dated CHECK ((status IN ('done', 'cancelled')) = (ended_at IS NOT NULL))
);
COMMENT ON TABLE operation.bulk_revocation IS 'Certificates that an operator revokes together. They are revoked in the background, some in each transaction.';
COMMENT ON COLUMN operation.bulk_revocation.id IS 'Internal key.';
COMMENT ON COLUMN operation.bulk_revocation.criterion IS 'What the certificates have in common; serials: they stand in a list.';
COMMENT ON COLUMN operation.bulk_revocation.value IS 'The name, the SHA-256 of the SubjectPublicKeyInfo (hexadecimal), the account id or the kid; empty for serials.';
COMMENT ON COLUMN operation.bulk_revocation.reason IS 'CRLReason (RFC 5280 §5.3.1).';
COMMENT ON COLUMN operation.bulk_revocation.why IS 'What the operator wrote: the occasion, a ticket.';
COMMENT ON COLUMN operation.bulk_revocation.actor IS 'Who decided it: the audit trail has it with each certificate.';
COMMENT ON COLUMN operation.bulk_revocation.source IS 'Network address they decided it from, if known.';
COMMENT ON COLUMN operation.bulk_revocation.status IS 'prepared: it was looked at, and nothing is revoked; running; done; cancelled: what was not revoked yet stays.';
COMMENT ON COLUMN operation.bulk_revocation.total IS 'Certificates to revoke, from the start on.';
COMMENT ON COLUMN operation.bulk_revocation.done IS 'Those of them that are revoked now, also if something else did it.';
COMMENT ON COLUMN operation.bulk_revocation.failed IS 'Those that could not be revoked.';
COMMENT ON COLUMN operation.bulk_revocation.prepared_at IS 'Business time.';
COMMENT ON COLUMN operation.bulk_revocation.started_at IS 'Business time when it was confirmed.';
COMMENT ON COLUMN operation.bulk_revocation.ended_at IS 'Business time when it was done or cancelled.';
CREATE INDEX bulk_revocation_running ON operation.bulk_revocation (started_at) WHERE status = 'running';
CREATE INDEX bulk_revocation_prepared ON operation.bulk_revocation (prepared_at);

CREATE TABLE operation.bulk_revocation_item (
    bulk_revocation_id uuid NOT NULL REFERENCES operation.bulk_revocation ON DELETE CASCADE,
    serial             text COLLATE "C" NOT NULL,
    outcome            text CHECK (outcome IN ('revoked', 'before', 'failed')),
    problem            text,
    PRIMARY KEY (bulk_revocation_id, serial),
    CONSTRAINT failed_has_a_problem CHECK ((outcome IS NOT DISTINCT FROM 'failed') = (problem IS NOT NULL))
);
COMMENT ON TABLE operation.bulk_revocation_item IS 'A certificate of a bulk revocation; the list is deleted retention.job_days after its end.';
COMMENT ON COLUMN operation.bulk_revocation_item.bulk_revocation_id IS 'The bulk revocation it belongs to.';
COMMENT ON COLUMN operation.bulk_revocation_item.serial IS 'As in ca.certificate; one that was typed in may not exist.';
COMMENT ON COLUMN operation.bulk_revocation_item.outcome IS 'revoked; before: something else had revoked it; failed. NULL = its turn is still to come.';
COMMENT ON COLUMN operation.bulk_revocation_item.problem IS 'Why it could not be revoked.';
CREATE INDEX bulk_revocation_item_waiting ON operation.bulk_revocation_item (bulk_revocation_id, serial)
    WHERE outcome IS NULL;
CREATE INDEX bulk_revocation_item_failed ON operation.bulk_revocation_item (bulk_revocation_id, serial)
    WHERE outcome = 'failed';

CREATE FUNCTION operation.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% cannot go from % to %', TG_TABLE_SCHEMA, TG_TABLE_NAME, OLD.status, NEW.status
        USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION operation.refuse_move() IS 'Trigger body: called only for a change of status that is not in docs/status-machines.md.';

CREATE TRIGGER moves BEFORE UPDATE OF status ON operation.bulk_revocation FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('prepared', 'running'), ('prepared', 'cancelled'), ('running', 'done'), ('running', 'cancelled')))
    EXECUTE FUNCTION operation.refuse_move();

CREATE TABLE notice.attempt (
    destination_id uuid NOT NULL,
    notice_number  bigint NOT NULL,
    number         integer NOT NULL CHECK (number > 0),
    at             timestamptz NOT NULL,
    milliseconds   integer NOT NULL CHECK (milliseconds >= 0),
    status         integer,
    answer         text NOT NULL CHECK (length(answer) <= 500),
    problem        text,
    PRIMARY KEY (destination_id, notice_number, number),
    FOREIGN KEY (destination_id, notice_number) REFERENCES notice.delivery ON DELETE CASCADE
);
COMMENT ON TABLE notice.attempt IS 'The last attempts to deliver a notice to a destination, and what was answered. They go with their delivery.';
COMMENT ON COLUMN notice.attempt.destination_id IS 'The destination.';
COMMENT ON COLUMN notice.attempt.notice_number IS 'The notice.';
COMMENT ON COLUMN notice.attempt.number IS 'As notice.delivery.attempts counts them; one that is missing was made by a process that ended meanwhile.';
COMMENT ON COLUMN notice.attempt.at IS 'Real time when it began.';
COMMENT ON COLUMN notice.attempt.milliseconds IS 'How long it took.';
COMMENT ON COLUMN notice.attempt.status IS 'HTTP status, or reply code of the mail server; NULL = no answer came.';
COMMENT ON COLUMN notice.attempt.answer IS 'The beginning of the answer''s text, at most 500 bytes, without our signature.';
COMMENT ON COLUMN notice.attempt.problem IS 'Why the notice does not count as delivered; NULL = it does.';
