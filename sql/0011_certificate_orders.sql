-- SSL certificate orders: bought one by one, applied for with a CSR, paid back after a review.

CREATE SCHEMA ssl;
COMMENT ON SCHEMA ssl IS 'SSL certificate orders: prices, coupons, applications, proofs of control, unsubscriptions, and the API tokens for them.';

CREATE TABLE ssl.api_token (
    id          text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{16}$'),
    reseller_id uuid NOT NULL REFERENCES reseller.account,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
COMMENT ON TABLE ssl.api_token IS 'Tokens of the certificate-order API (X-Auth-Token: <id>.<secret>). Only a hash of the secret is kept.';
COMMENT ON COLUMN ssl.api_token.secret_hash IS 'SHA-256 of the secret, which has 256 random bits.';
COMMENT ON COLUMN ssl.api_token.revoked_at IS 'NULL = it can be used.';
CREATE INDEX api_token_reseller ON ssl.api_token (reseller_id);

CREATE TABLE ssl.price (
    id         uuid PRIMARY KEY,
    account_id uuid REFERENCES reseller.account,
    brand      text NOT NULL CHECK (brand ~ '^[A-Z][A-Z0-9_]{0,31}$'),
    type       text NOT NULL CHECK (type IN ('DV_SSL_CERT', 'OV_SSL_CERT')),
    name_type  text NOT NULL CHECK (name_type IN ('fqdn', 'wildcard')),
    yearly     numeric(12,2) NOT NULL CHECK (yearly >= 0),
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    UNIQUE NULLS NOT DISTINCT (account_id, brand, type, name_type)
);
COMMENT ON TABLE ssl.price IS 'Price of one name in an SSL certificate for 12 months. account_id NULL = the default list, used where a reseller has no own price.';
COMMENT ON COLUMN ssl.price.brand IS 'What the certificate is sold as; a brand without a price is not on offer.';
COMMENT ON COLUMN ssl.price.currency IS 'Must equal the reseller''s currency, else the price configuration is broken.';

CREATE TABLE ssl.certificate_order (
    cert_id         text COLLATE "C" PRIMARY KEY CHECK (cert_id ~ '^scs[0-9]{13}$'),
    reseller_id     uuid NOT NULL REFERENCES reseller.account,
    order_number    bigint UNIQUE REFERENCES reseller.purchase,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    brand           text NOT NULL,
    type            text NOT NULL CHECK (type IN ('DV_SSL_CERT', 'OV_SSL_CERT')),
    names           text[] NOT NULL CHECK (cardinality(names) BETWEEN 1 AND 100),
    months          integer NOT NULL CHECK (months > 0),
    paid            numeric(12,2) NOT NULL CHECK (paid >= 0),
    coupon          numeric(12,2) NOT NULL DEFAULT 0,
    status          text NOT NULL DEFAULT 'PAID' CHECK (status IN (
                        'PAID', 'CHECKING', 'CHECKING_ORG', 'ISSUING', 'ISSUED',
                        'SUPPLEMENTCHECKING', 'REVOKING', 'REVOKED', 'CANCELCHECKING',
                        'UNPASSED', 'EXPIRED', 'UPLOAD')),
    application_id  uuid,
    serial          text COLLATE "C" REFERENCES ca.certificate,
    first_issued_at timestamptz,
    revoked_at      timestamptz,
    unsubscribed_at timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    due_at          timestamptz,
    problem         text,
    CONSTRAINT coupon_within_paid CHECK (coupon BETWEEN 0 AND paid),
    CONSTRAINT uploaded_was_not_bought CHECK ((status = 'UPLOAD') = (order_number IS NULL)),
    CONSTRAINT issued_has_a_certificate CHECK (
        status NOT IN ('ISSUED', 'SUPPLEMENTCHECKING', 'REVOKING', 'REVOKED', 'EXPIRED')
        OR serial IS NOT NULL),
    CONSTRAINT revoked_is_dated CHECK ((status = 'REVOKED') = (revoked_at IS NOT NULL)),
    CONSTRAINT unsubscribed_at_rest CHECK (unsubscribed_at IS NULL OR status IN ('PAID', 'REVOKED'))
);
COMMENT ON TABLE ssl.certificate_order IS 'An SSL certificate as bought: one purchase, one paid period, one certificate at a time. Its row is the lock of everything below it.';
COMMENT ON COLUMN ssl.certificate_order.order_number IS 'The purchase; its cost is the cash part. NULL = not bought here (UPLOAD).';
COMMENT ON COLUMN ssl.certificate_order.names IS 'Lower-case A-labels, "*." included; fixed when bought.';
COMMENT ON COLUMN ssl.certificate_order.months IS 'The paid period, from the first issuance on (vendor: validity_period).';
COMMENT ON COLUMN ssl.certificate_order.paid IS 'Price: cash part and coupon part together.';
COMMENT ON COLUMN ssl.certificate_order.coupon IS 'Part that a coupon paid; never paid back.';
COMMENT ON COLUMN ssl.certificate_order.status IS 'reseller-api.md §8; an ISSUED one whose certificate has run out is shown as EXPIRED.';
COMMENT ON COLUMN ssl.certificate_order.application_id IS 'The application under way, or the last one that led to a certificate.';
COMMENT ON COLUMN ssl.certificate_order.serial IS 'The newest certificate.';
COMMENT ON COLUMN ssl.certificate_order.revoked_at IS 'When the revocation was complete: told to the issuer, and on the CRL if it is ours.';
COMMENT ON COLUMN ssl.certificate_order.unsubscribed_at IS 'When its unsubscription was approved: it is listed no more, the record stays.';
COMMENT ON COLUMN ssl.certificate_order.attempts IS 'Looks at the proofs of the application under way.';
COMMENT ON COLUMN ssl.certificate_order.due_at IS 'Database time at which a process goes on with it, also the lease of the one that does; NULL = nothing to be done.';
COMMENT ON COLUMN ssl.certificate_order.problem IS 'Why it does not go on, for the customer; NULL = no trouble.';
CREATE INDEX certificate_order_reseller ON ssl.certificate_order (reseller_id, updated_at) WHERE unsubscribed_at IS NULL;
CREATE INDEX certificate_order_due ON ssl.certificate_order (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX certificate_order_serial ON ssl.certificate_order (serial);
CREATE INDEX certificate_order_checking ON ssl.certificate_order (updated_at) WHERE status IN ('CHECKING', 'SUPPLEMENTCHECKING');
CREATE INDEX certificate_order_review ON ssl.certificate_order (updated_at) WHERE status = 'CHECKING_ORG';

CREATE TABLE ssl.coupon (
    code        text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9_-]{4,64}$'),
    reseller_id uuid NOT NULL REFERENCES reseller.account,
    amount      numeric(12,2) NOT NULL CHECK (amount > 0),
    expires_at  timestamptz,
    created_at  timestamptz NOT NULL,
    used_for    text COLLATE "C" UNIQUE REFERENCES ssl.certificate_order
);
COMMENT ON TABLE ssl.coupon IS 'Pays a part of one certificate order of one reseller, in the reseller''s currency.';
COMMENT ON COLUMN ssl.coupon.expires_at IS 'First instant at which it cannot be used any more; NULL = never.';
COMMENT ON COLUMN ssl.coupon.used_for IS 'The order it was used for; NULL = unused. A refund does not give it back.';
CREATE INDEX coupon_reseller ON ssl.coupon (reseller_id);

CREATE TABLE ssl.application (
    id            uuid PRIMARY KEY,
    cert_id       text COLLATE "C" NOT NULL REFERENCES ssl.certificate_order,
    csr           bytea NOT NULL,
    key_hash      bytea NOT NULL,
    method        text NOT NULL CHECK (method IN ('http-01', 'dns-01')),
    organization  jsonb,
    submitted_at  timestamptz NOT NULL,
    reviewed_by   text,
    intent        jsonb,
    issuer_state  jsonb
);
COMMENT ON TABLE ssl.application IS 'A CSR handed in for a certificate order; also for issuing anew within the paid period.';
COMMENT ON COLUMN ssl.application.key_hash IS 'SHA-256 of the SubjectPublicKeyInfo.';
COMMENT ON COLUMN ssl.application.organization IS 'What the applicant says of the organization: as in a certificate''s subject; NULL for DV.';
COMMENT ON COLUMN ssl.application.reviewed_by IS 'The operator who approved or rejected the organization.';
COMMENT ON COLUMN ssl.application.intent IS 'Serial and validity, fixed before signing: {"serial","not_before","not_after"}.';
COMMENT ON COLUMN ssl.application.issuer_state IS 'The issuer was asked: what it needs to find the request again. NULL = not asked, or settled.';
CREATE INDEX application_order ON ssl.application (cert_id, submitted_at);

ALTER TABLE ssl.certificate_order
    ADD FOREIGN KEY (application_id) REFERENCES ssl.application;
CREATE INDEX certificate_order_application ON ssl.certificate_order (application_id);

CREATE TABLE ssl.proof (
    application_id uuid NOT NULL REFERENCES ssl.application,
    position       smallint NOT NULL,
    name           text COLLATE "C" NOT NULL,
    method         text NOT NULL CHECK (method IN ('http-01', 'dns-01')),
    token          text COLLATE "C" NOT NULL,
    proven_at      timestamptz,
    caa_checked_at timestamptz,
    evidence       jsonb,
    problem        text,
    PRIMARY KEY (application_id, position)
);
COMMENT ON TABLE ssl.proof IS 'Control over one name of an application, shown as in RFC 8555 §8.3 (http-01) or §8.4 (dns-01).';
COMMENT ON COLUMN ssl.proof.proven_at IS 'When control was seen; also taken over from an earlier proof of the same reseller that still counts.';
COMMENT ON COLUMN ssl.proof.caa_checked_at IS 'When CAA records (RFC 8659) last allowed issuance; counts for 8 hours.';
COMMENT ON COLUMN ssl.proof.problem IS 'What was wrong at the last look.';
CREATE INDEX proof_name ON ssl.proof (name, proven_at) WHERE proven_at IS NOT NULL;

CREATE TABLE ssl.issued (
    serial         text COLLATE "C" PRIMARY KEY REFERENCES ca.certificate,
    cert_id        text COLLATE "C" NOT NULL REFERENCES ssl.certificate_order,
    application_id uuid NOT NULL UNIQUE REFERENCES ssl.application
);
COMMENT ON TABLE ssl.issued IS 'Which certificates were signed for an order; revoking the order revokes them all.';
CREATE INDEX issued_order ON ssl.issued (cert_id);

CREATE TABLE ssl.unsubscription (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cert_id      text COLLATE "C" NOT NULL REFERENCES ssl.certificate_order,
    status       text NOT NULL DEFAULT 'waiting'
                 CHECK (status IN ('waiting', 'approved', 'rejected', 'failed')),
    requested_at timestamptz NOT NULL,
    acknowledged text NOT NULL CHECK (acknowledged IN ('call', 'flag')),
    decided_at   timestamptz,
    decided_by   text,
    reason       text,
    refunded     numeric(12,2) CHECK (refunded >= 0),
    CONSTRAINT decided_is_dated CHECK ((status = 'waiting') = (decided_at IS NULL)),
    CONSTRAINT approved_says_what_was_refunded CHECK ((status = 'approved') = (refunded IS NOT NULL))
);
COMMENT ON TABLE ssl.unsubscription IS 'A request to unsubscribe from a certificate for its money back; it waits for an operator.';
COMMENT ON COLUMN ssl.unsubscription.status IS 'waiting; approved and rejected by an operator; failed = an operation on the certificate came in between.';
COMMENT ON COLUMN ssl.unsubscription.acknowledged IS 'How the customer acknowledged that the certificate cannot be restored: by the flag, or by the bare call.';
COMMENT ON COLUMN ssl.unsubscription.reason IS 'Why it was rejected or failed.';
COMMENT ON COLUMN ssl.unsubscription.refunded IS 'Cash paid back; the coupon part never is.';
CREATE UNIQUE INDEX unsubscription_once ON ssl.unsubscription (cert_id) WHERE status = 'waiting';
CREATE INDEX unsubscription_order ON ssl.unsubscription (cert_id, id);

-- Status machines, as drawn in docs/status-machines.md.

CREATE TRIGGER moves BEFORE UPDATE OF status ON ssl.certificate_order FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('PAID', 'CHECKING'),
        ('CHECKING', 'CHECKING_ORG'), ('CHECKING', 'ISSUING'), ('CHECKING', 'CANCELCHECKING'),
        ('CHECKING', 'UNPASSED'),
        ('CHECKING_ORG', 'ISSUING'), ('CHECKING_ORG', 'CANCELCHECKING'), ('CHECKING_ORG', 'UNPASSED'),
        ('ISSUING', 'ISSUED'), ('ISSUING', 'CANCELCHECKING'), ('ISSUING', 'UNPASSED'),
        ('ISSUED', 'SUPPLEMENTCHECKING'), ('ISSUED', 'REVOKING'), ('ISSUED', 'EXPIRED'),
        ('SUPPLEMENTCHECKING', 'ISSUED'), ('SUPPLEMENTCHECKING', 'REVOKING'),
        ('EXPIRED', 'SUPPLEMENTCHECKING'),
        ('REVOKING', 'REVOKED'),
        ('CANCELCHECKING', 'PAID'),
        ('UNPASSED', 'CHECKING')))
    EXECUTE FUNCTION acme.refuse_move();

CREATE TRIGGER moves BEFORE UPDATE OF status ON ssl.unsubscription FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('waiting', 'approved'), ('waiting', 'rejected'), ('waiting', 'failed')))
    EXECUTE FUNCTION acme.refuse_move();

CREATE FUNCTION ssl.refuse_after_unsubscription() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'certificate order % was unsubscribed', OLD.cert_id
        USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION ssl.refuse_after_unsubscription() IS 'Trigger body: nothing happens to a certificate order that was paid back.';
CREATE TRIGGER unsubscribed_is_final BEFORE UPDATE ON ssl.certificate_order FOR EACH ROW
    WHEN (OLD.unsubscribed_at IS NOT NULL)
    EXECUTE FUNCTION ssl.refuse_after_unsubscription();

CREATE FUNCTION ssl.shown_status(status text, not_after timestamptz, at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN status = 'ISSUED' AND at > not_after THEN 'EXPIRED' ELSE status END;
COMMENT ON FUNCTION ssl.shown_status(text, timestamptz, timestamptz) IS 'Status of a certificate order as it is at an instant; nothing is written when a certificate runs out.';

CREATE VIEW ops.certificate_orders AS
SELECT placed.cert_id,
       account.login AS reseller,
       placed.order_number,
       placed.brand,
       placed.type,
       placed.names,
       ssl.shown_status(placed.status, certificate.not_after, ops.business_now()) AS status,
       placed.problem,
       placed.paid,
       placed.coupon,
       placed.paid - placed.coupon AS cash,
       purchase.refunded,
       purchase.currency,
       purchase.purchased_at,
       purchase.purchased_at + interval '168 hours' AS refundable_until,
       placed.serial,
       certificate.not_after AS expires_at,
       placed.revoked_at,
       placed.unsubscribed_at,
       placed.updated_at
  FROM ssl.certificate_order placed
  JOIN reseller.account ON account.id = placed.reseller_id
  LEFT JOIN reseller.purchase ON purchase.order_number = placed.order_number
  LEFT JOIN ca.certificate ON certificate.serial = placed.serial;
COMMENT ON VIEW ops.certificate_orders IS 'Every SSL certificate order, unsubscribed ones included.';
COMMENT ON COLUMN ops.certificate_orders.problem IS 'Why it does not go on; NULL = no trouble.';
COMMENT ON COLUMN ops.certificate_orders.refundable_until IS 'Requests from this instant on are too late.';
COMMENT ON COLUMN ops.certificate_orders.unsubscribed_at IS 'NULL = the customer still has it.';

CREATE VIEW ops.certificate_order_reviews AS
SELECT placed.cert_id,
       account.login AS reseller,
       placed.names,
       application.organization,
       application.submitted_at,
       placed.updated_at AS waits_since
  FROM ssl.certificate_order placed
  JOIN reseller.account ON account.id = placed.reseller_id
  JOIN ssl.application ON application.id = placed.application_id
 WHERE placed.status = 'CHECKING_ORG'
 ORDER BY placed.updated_at;
COMMENT ON VIEW ops.certificate_order_reviews IS 'Certificate orders whose organization an operator must check: gateway certificate-order approve|reject CERT_ID.';
COMMENT ON COLUMN ops.certificate_order_reviews.waits_since IS 'When control over all names was proven.';

CREATE VIEW ops.unsubscriptions AS
SELECT unsubscription.id,
       unsubscription.status,
       unsubscription.cert_id,
       account.login AS reseller,
       placed.names,
       placed.status AS certificate_status,
       placed.order_number,
       purchase.cost AS cash,
       purchase.currency,
       unsubscription.requested_at,
       unsubscription.decided_at,
       unsubscription.decided_by,
       unsubscription.reason,
       unsubscription.refunded
  FROM ssl.unsubscription
  JOIN ssl.certificate_order placed ON placed.cert_id = unsubscription.cert_id
  JOIN reseller.account ON account.id = placed.reseller_id
  LEFT JOIN reseller.purchase ON purchase.order_number = placed.order_number
 ORDER BY unsubscription.status <> 'waiting', unsubscription.id;
COMMENT ON VIEW ops.unsubscriptions IS 'Requests for the money of a certificate, those that wait for an operator first: gateway unsubscription approve|reject ID.';
COMMENT ON COLUMN ops.unsubscriptions.cash IS 'What an approval pays back.';
