-- The second step of signing in to the console: codes of an app, passkeys, recovery codes.

CREATE TABLE operation.second_factor (
    owner_id         uuid PRIMARY KEY GENERATED ALWAYS AS (coalesce(operator_id, reseller_id)) STORED,
    operator_id      uuid REFERENCES operation.operator,
    reseller_id      uuid REFERENCES reseller.account,
    encrypted_secret bytea,
    totp_since       timestamptz,
    last_step        bigint NOT NULL DEFAULT 0,
    failures         integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    CHECK (num_nonnulls(operator_id, reseller_id) = 1),
    CHECK (totp_since IS NULL OR encrypted_secret IS NOT NULL)
);
COMMENT ON TABLE operation.second_factor IS 'What somebody shows at the console after the password; no row = nothing.';
COMMENT ON COLUMN operation.second_factor.owner_id IS 'The operator or the reseller: their ids are UUIDs of one source.';
COMMENT ON COLUMN operation.second_factor.operator_id IS 'The operator; NULL = it is a reseller''s.';
COMMENT ON COLUMN operation.second_factor.reseller_id IS 'The reseller; NULL = it is an operator''s.';
COMMENT ON COLUMN operation.second_factor.encrypted_secret IS 'Secret of the app that makes codes (RFC 6238), encrypted with MultiFernet; NULL = no app.';
COMMENT ON COLUMN operation.second_factor.totp_since IS 'Business time of the first right code; NULL = no app yet: until then its codes count for nothing.';
COMMENT ON COLUMN operation.second_factor.last_step IS 'Time step (half minutes of real time since 1970) of the last code that was taken; it and older ones are taken no more.';
COMMENT ON COLUMN operation.second_factor.failures IS 'Wrong codes and passkeys since the last right one or the last lock; the right password does not reset it.';

CREATE TABLE operation.recovery_code (
    owner_id  uuid NOT NULL REFERENCES operation.second_factor ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    used_at   timestamptz,
    PRIMARY KEY (owner_id, code_hash)
);
COMMENT ON TABLE operation.recovery_code IS 'Codes that each open one session when the app or the passkey is lost.';
COMMENT ON COLUMN operation.recovery_code.owner_id IS 'Whose it is.';
COMMENT ON COLUMN operation.recovery_code.code_hash IS 'SHA-256 of the code, which has 80 random bits.';
COMMENT ON COLUMN operation.recovery_code.used_at IS 'Business time; NULL = not used yet.';

CREATE TABLE operation.passkey (
    id            uuid PRIMARY KEY,
    owner_id      uuid NOT NULL REFERENCES operation.second_factor ON DELETE CASCADE,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    credential_id bytea NOT NULL UNIQUE,
    public_key    bytea NOT NULL,
    sign_count    bigint NOT NULL CHECK (sign_count >= 0),
    added_at      timestamptz NOT NULL,
    used_at       timestamptz
);
COMMENT ON TABLE operation.passkey IS 'Authenticators that somebody may show as the second step (WebAuthn).';
COMMENT ON COLUMN operation.passkey.id IS 'Internal key.';
COMMENT ON COLUMN operation.passkey.owner_id IS 'Whose it is.';
COMMENT ON COLUMN operation.passkey.name IS 'As its owner calls it.';
COMMENT ON COLUMN operation.passkey.credential_id IS 'By which the authenticator knows it.';
COMMENT ON COLUMN operation.passkey.public_key IS 'COSE_Key (RFC 9052) that checks its answers.';
COMMENT ON COLUMN operation.passkey.sign_count IS 'The authenticator''s own count at the last answer; one that does not grow is a copy. 0 = it does not count.';
COMMENT ON COLUMN operation.passkey.added_at IS 'Business time.';
COMMENT ON COLUMN operation.passkey.used_at IS 'Business time of the last answer; NULL = never used.';
CREATE INDEX passkey_owner ON operation.passkey (owner_id);

ALTER TABLE operation.session ADD COLUMN proven_at timestamptz;
COMMENT ON COLUMN operation.session.proven_at IS 'Real time at which the second factor was shown last; NULL = not in this session.';

CREATE VIEW operation.factor_holder AS
SELECT owner_id
  FROM operation.second_factor
 WHERE totp_since IS NOT NULL
    OR EXISTS (SELECT
                 FROM operation.passkey
                WHERE passkey.owner_id = second_factor.owner_id);
COMMENT ON VIEW operation.factor_holder IS 'Who has a second factor that counts.';
COMMENT ON COLUMN operation.factor_holder.owner_id IS 'The operator or the reseller.';
