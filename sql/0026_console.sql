-- People at the console: operators, the sessions of operators and resellers, and forms that are sent twice.

CREATE SCHEMA operation;
COMMENT ON SCHEMA operation IS 'Who runs the gateway, and who is signed in to the console.';

CREATE TABLE operation.operator (
    id            uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    role          text NOT NULL CHECK (role IN ('admin', 'support', 'auditor')),
    password_hash text NOT NULL,
    status        text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    failed_logins integer NOT NULL DEFAULT 0 CHECK (failed_logins >= 0),
    locked_until  timestamptz,
    created_at    timestamptz NOT NULL
);
COMMENT ON TABLE operation.operator IS 'People who work at the console for the operator of the gateway.';
COMMENT ON COLUMN operation.operator.id IS 'Internal key.';
COMMENT ON COLUMN operation.operator.name IS 'What they sign in with; no reseller has it as its login.';
COMMENT ON COLUMN operation.operator.role IS 'admin, support or auditor: gateway/rules/operation/roles.py says what each may do.';
COMMENT ON COLUMN operation.operator.password_hash IS 'argon2id.';
COMMENT ON COLUMN operation.operator.status IS 'suspended: cannot sign in, and no session of theirs counts.';
COMMENT ON COLUMN operation.operator.failed_logins IS 'Wrong passwords since the last right one or the last lock.';
COMMENT ON COLUMN operation.operator.locked_until IS 'Business time until which they cannot sign in, after too many wrong passwords.';
COMMENT ON COLUMN operation.operator.created_at IS 'Business time.';

CREATE TABLE operation.session (
    id          uuid PRIMARY KEY,
    token_hash  bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    operator_id uuid REFERENCES operation.operator,
    reseller_id uuid REFERENCES reseller.account,
    credential  bytea NOT NULL CHECK (length(credential) = 32),
    half_open   boolean NOT NULL,
    opened_at   timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    source      inet,
    client      text NOT NULL CHECK (length(client) <= 200),
    kept        jsonb,
    CHECK (num_nonnulls(operator_id, reseller_id) = 1)
);
COMMENT ON TABLE operation.session IS 'Who is signed in to the console. All its times are real time, not business time: they are timeouts.';
COMMENT ON COLUMN operation.session.id IS 'Internal key; lets nobody in.';
COMMENT ON COLUMN operation.session.token_hash IS 'SHA-256 of the token in the cookie.';
COMMENT ON COLUMN operation.session.operator_id IS 'The operator who signed in; NULL = a reseller did.';
COMMENT ON COLUMN operation.session.reseller_id IS 'The reseller that signed in; NULL = an operator did.';
COMMENT ON COLUMN operation.session.credential IS 'SHA-256 of the password hash that was right then: with another password the session counts no more.';
COMMENT ON COLUMN operation.session.half_open IS 'The password was right, and a second step is still to come: no page is shown yet.';
COMMENT ON COLUMN operation.session.opened_at IS 'When the password was right.';
COMMENT ON COLUMN operation.session.seen_at IS 'When it was used last, to the minute.';
COMMENT ON COLUMN operation.session.ends_at IS 'When it ends, however busy it is.';
COMMENT ON COLUMN operation.session.source IS 'Network address it was opened from, if known.';
COMMENT ON COLUMN operation.session.client IS 'User-Agent of the browser, shortened.';
COMMENT ON COLUMN operation.session.kept IS 'A form that was sent after the session before had ended: filled in again, for the person to confirm.';
CREATE INDEX session_operator ON operation.session (operator_id) WHERE operator_id IS NOT NULL;
CREATE INDEX session_reseller ON operation.session (reseller_id) WHERE reseller_id IS NOT NULL;
CREATE INDEX session_seen ON operation.session (seen_at);

-- Operators send forms once too. Their ids and those of resellers are UUIDs of one source.
ALTER TABLE reseller.idempotency DROP CONSTRAINT idempotency_account_id_fkey;
COMMENT ON COLUMN reseller.idempotency.account_id IS 'The reseller, or the operator, that sent the key.';
COMMENT ON COLUMN reseller.idempotency.key IS 'Idempotency-Key of the request, or the field `once` of a form of the console.';
COMMENT ON COLUMN audit.refusal.door IS 'acme, reseller (!ACMEAdmin), sitelock (and reports), ssl (/v3/scm), console, or plain (HTTP without TLS).';
