-- RFC 8555 objects.

CREATE TABLE acme.account (
    id            text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,32}$'),
    kid           text COLLATE "C" NOT NULL,
    server_id     uuid NOT NULL,
    status        text NOT NULL CHECK (status IN ('pending', 'valid', 'deactivated')),
    suspended     boolean NOT NULL DEFAULT false,
    jwk           jsonb,
    thumbprint    text COLLATE "C",
    key_version   integer NOT NULL DEFAULT 1,
    contacts      text[] NOT NULL DEFAULT '{}',
    agreed_terms  text,
    user_agent    text,
    ip_address    inet,
    last_activity timestamptz,
    created_at    timestamptz NOT NULL,
    FOREIGN KEY (kid, server_id) REFERENCES subscription.eab_credential (kid, server_id),
    CONSTRAINT pending_has_no_key CHECK ((status = 'pending') <= (jwk IS NULL)),
    CONSTRAINT valid_has_a_key CHECK ((status = 'valid') <= (jwk IS NOT NULL)),
    CONSTRAINT key_has_thumbprint CHECK ((jwk IS NULL) = (thumbprint IS NULL)),
    UNIQUE (server_id, thumbprint)
);
COMMENT ON TABLE acme.account IS 'An ACME account (acmeAccountID). Pre-registered ones are pending until a client binds a key.';
COMMENT ON COLUMN acme.account.kid IS 'EAB credential the account belongs to; domains and subscription hang on it.';
COMMENT ON COLUMN acme.account.suspended IS 'Reversible; beside the status, so that UNSUSPENDACCOUNT returns to the state it had.';
COMMENT ON COLUMN acme.account.thumbprint IS 'RFC 7638 SHA-256 thumbprint of the account key, base64url.';
COMMENT ON COLUMN acme.account.agreed_terms IS 'URL of the terms of service that the client agreed to; empty if there were none.';
COMMENT ON COLUMN acme.account.key_version IS 'Grows with each key change; processes that cached an older key are told so.';
CREATE INDEX account_kid ON acme.account (kid);

CREATE TABLE acme."order" (
    id           uuid PRIMARY KEY,
    account_id   text COLLATE "C" NOT NULL REFERENCES acme.account,
    status       text NOT NULL DEFAULT 'pending'
                 CHECK (status IN ('pending', 'ready', 'processing', 'valid', 'invalid')),
    profile      text NOT NULL,
    not_before   timestamptz,
    not_after    timestamptz,
    expires_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    csr          bytea,
    intent       jsonb,
    issuer_state jsonb,
    issue_after  timestamptz,
    error        jsonb,
    replaces     text COLLATE "C",
    CONSTRAINT processing_has_csr CHECK ((status = 'processing') <= (csr IS NOT NULL AND intent IS NOT NULL))
);
COMMENT ON TABLE acme."order" IS 'An ACME order (RFC 8555 §7.1.3). Money orders are reseller.purchase.';
COMMENT ON COLUMN acme."order".csr IS 'DER; stored with the intent to sign when the issuer needs time.';
COMMENT ON COLUMN acme."order".intent IS 'Serial and validity, fixed before signing: {"serial","not_before","not_after"}.';
COMMENT ON COLUMN acme."order".issuer_state IS 'What a slow issuer needs to find its own request again after a restart.';
COMMENT ON COLUMN acme."order".issue_after IS 'Lease of a processing order in database time: nobody else asks the issuer before.';
COMMENT ON COLUMN acme."order".error IS 'Problem document of an order that failed.';
CREATE INDEX order_account ON acme."order" (account_id, id);
COMMENT ON COLUMN acme."order".replaces IS 'Certificate identifier (RFC 9773 §4.1) of the certificate that this one renews.';
CREATE INDEX order_replaces ON acme."order" (replaces) WHERE replaces IS NOT NULL;
-- Each partial index asks for more than a status: one that fits `id = … AND status = …` would be
-- taken for it while the table is small, and read from end to end ever after.
CREATE INDEX order_open ON acme."order" (account_id)
    WHERE status IN ('pending', 'ready') AND csr IS NULL;
CREATE INDEX order_processing ON acme."order" (issue_after)
    WHERE status = 'processing' AND issue_after IS NOT NULL;
CREATE INDEX order_expiry ON acme."order" (expires_at)
    WHERE status IN ('pending', 'ready', 'invalid') AND csr IS NULL;

CREATE TABLE acme.authorization (
    id         uuid PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL REFERENCES acme.account,
    name       text COLLATE "C" NOT NULL,
    wildcard   boolean NOT NULL DEFAULT false,
    status     text NOT NULL DEFAULT 'pending'
               CHECK (status IN ('pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked')),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    caa_checked_at timestamptz
);
COMMENT ON TABLE acme.authorization IS 'Proof of control over one name (RFC 8555 §7.1.4).';
COMMENT ON COLUMN acme.authorization.name IS 'The DNS name without "*."; see wildcard.';
COMMENT ON COLUMN acme.authorization.caa_checked_at IS 'When CAA records (RFC 8659) last allowed issuance; counts for 8 hours.';
CREATE INDEX authorization_valid ON acme.authorization (account_id, name) WHERE status = 'valid';

CREATE TABLE acme.order_identifier (
    order_id         uuid NOT NULL REFERENCES acme."order",
    position         smallint NOT NULL,
    name             text COLLATE "C" NOT NULL,
    authorization_id uuid NOT NULL REFERENCES acme.authorization,
    PRIMARY KEY (order_id, position)
);
COMMENT ON TABLE acme.order_identifier IS 'The identifiers of an order, in the client''s order, each with its authorization.';
CREATE INDEX order_identifier_authorization ON acme.order_identifier (authorization_id);
CREATE INDEX order_identifier_name ON acme.order_identifier (name, order_id);

CREATE TABLE acme.challenge (
    id               uuid PRIMARY KEY,
    authorization_id uuid NOT NULL REFERENCES acme.authorization,
    type             text NOT NULL CHECK (type ~ '^[a-z0-9-]+$'),
    token            text COLLATE "C" NOT NULL,
    status           text NOT NULL DEFAULT 'pending'
                     CHECK (status IN ('pending', 'processing', 'valid', 'invalid')),
    attempts         integer NOT NULL DEFAULT 0,
    validated_at     timestamptz,
    error            jsonb,
    leased_until     timestamptz
);
COMMENT ON TABLE acme.challenge IS 'One way to prove control (RFC 8555 §8).';
COMMENT ON COLUMN acme.challenge.validated_at IS 'When the last finished attempt was made, whatever came of it; error says what failed.';
COMMENT ON COLUMN acme.challenge.leased_until IS 'Database time until which a process works on it; afterwards another picks it up.';
CREATE INDEX challenge_authorization ON acme.challenge (authorization_id);
CREATE INDEX challenge_processing ON acme.challenge (leased_until)
    WHERE status = 'processing' AND leased_until IS NOT NULL;

CREATE FUNCTION acme.all_valid(order_wanted uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT
                         FROM acme.order_identifier item
                         JOIN acme.authorization needed ON needed.id = item.authorization_id
                        WHERE item.order_id = order_wanted
                          AND needed.status <> 'valid');
END $$;
COMMENT ON FUNCTION acme.all_valid(uuid) IS 'Whether an order lacks no authorization. Volatile, so that it sees what the calling statement has changed, and what was committed while that waited for the order''s lock.';

CREATE UNLOGGED TABLE acme.nonce_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch    bigint NOT NULL
);
COMMENT ON TABLE acme.nonce_epoch IS 'Unlogged like acme.nonce: a database crash empties both, and no nonce of an older epoch is taken any more.';

CREATE UNLOGGED TABLE acme.nonce (
    nonce bytea PRIMARY KEY
);
COMMENT ON TABLE acme.nonce IS 'Used nonces: 4 bytes of real time, then 8 random ones. Older than the nonce lifetime = may be deleted.';

CREATE FUNCTION acme.burn_nonces(used_nonces bytea[], used_epochs bigint[]) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
    fresh boolean[];
BEGIN
    WITH used AS (
        SELECT *
          FROM unnest(used_nonces, used_epochs) WITH ORDINALITY AS item (nonce, epoch, position)
    ), burnt AS (
        INSERT INTO acme.nonce (nonce)
        SELECT used.nonce
          FROM used
          JOIN acme.nonce_epoch USING (epoch)
         ORDER BY used.nonce
        ON CONFLICT DO NOTHING
        RETURNING nonce
    )
    SELECT array_agg(burnt.nonce IS NOT NULL AND array_position(used_nonces, used.nonce) = used.position
                     ORDER BY used.position)
      INTO fresh
      FROM used
      LEFT JOIN burnt USING (nonce);
    RETURN fresh;
END $$;
COMMENT ON FUNCTION acme.burn_nonces(bytea[], bigint[]) IS 'For each nonce of the current epoch true once, over all processes (RFC 8555 §6.5).';

CREATE FUNCTION acme.burn_nonce(used_nonce bytea, used_epoch bigint) RETURNS boolean LANGUAGE sql VOLATILE
RETURN (acme.burn_nonces(ARRAY[used_nonce], ARRAY[used_epoch]))[1];
COMMENT ON FUNCTION acme.burn_nonce(bytea, bigint) IS 'acme.burn_nonces for one.';

CREATE VIEW acme.signer AS
SELECT account.id AS account_id,
       account.server_id,
       account.status AS account_status,
       account.suspended AS account_suspended,
       account.key_version,
       account.agreed_terms,
       eab.kid,
       eab.status AS eab_status,
       eab.suspended AS eab_suspended,
       eab.version AS eab_version
  FROM acme.account
  JOIN subscription.eab_credential eab ON eab.kid = account.kid;
COMMENT ON VIEW acme.signer IS 'Standing of the account that signs a request; read in every statement on the signed-POST path.';

-- Status machines (RFC 8555 §7.1.6), in one place: docs/status-machines.md draws them.

CREATE FUNCTION acme.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% cannot go from % to %', TG_TABLE_SCHEMA, TG_TABLE_NAME, OLD.status, NEW.status
        USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION acme.refuse_move() IS 'Trigger body: called only for a change of status that is not in the machine.';

CREATE TRIGGER moves BEFORE UPDATE OF status ON acme.account FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pending', 'valid'), ('pending', 'deactivated'), ('valid', 'deactivated')))
    EXECUTE FUNCTION acme.refuse_move();

CREATE TRIGGER moves BEFORE UPDATE OF status ON acme."order" FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pending', 'ready'), ('pending', 'invalid'), ('ready', 'processing'), ('ready', 'invalid'),
        ('processing', 'valid'), ('processing', 'invalid')))
    EXECUTE FUNCTION acme.refuse_move();

CREATE TRIGGER moves BEFORE UPDATE OF status ON acme.authorization FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pending', 'valid'), ('pending', 'invalid'), ('pending', 'deactivated'),
        ('valid', 'deactivated'), ('valid', 'expired'), ('valid', 'revoked')))
    EXECUTE FUNCTION acme.refuse_move();

CREATE TRIGGER moves BEFORE UPDATE OF status ON acme.challenge FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pending', 'processing'), ('pending', 'invalid'), ('processing', 'valid'),
        ('processing', 'invalid')))
    EXECUTE FUNCTION acme.refuse_move();
