-- What we signed.

CREATE SCHEMA ca;
COMMENT ON SCHEMA ca IS 'Issuers, the certificates they signed, revocations and CRLs.';

CREATE TABLE ca.issuer (
    id          uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9-]+$'),
    certificate bytea NOT NULL,
    chain       bytea[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL
);
COMMENT ON TABLE ca.issuer IS 'An issuing CA; name is the stem of its /ca/<name>.pem and /crl/<name>.crl URLs. Private keys are never here.';
COMMENT ON COLUMN ca.issuer.certificate IS 'DER of the issuing certificate.';
COMMENT ON COLUMN ca.issuer.chain IS 'DER of the certificates above it that clients are sent.';

CREATE TABLE ca.alternate_chain (
    issuer_id    uuid NOT NULL REFERENCES ca.issuer,
    number       smallint NOT NULL CHECK (number BETWEEN 1 AND 100),
    certificates bytea[] NOT NULL CHECK (cardinality(certificates) BETWEEN 1 AND 10),
    added_at     timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, number)
);
COMMENT ON TABLE ca.alternate_chain IS 'Other ways from an issuer''s certificates to a root, for clients that ask (RFC 8555 §7.4.2).';
COMMENT ON COLUMN ca.alternate_chain.certificates IS 'DER; the first has the issuer''s name and key, signed by somebody else.';

CREATE TABLE ca.certificate (
    serial      text COLLATE "C" PRIMARY KEY CHECK (serial ~ '^[0-9a-f]{2,40}$'),
    issuer_id   uuid NOT NULL REFERENCES ca.issuer,
    order_id    uuid UNIQUE REFERENCES acme."order",
    account_id  text COLLATE "C" REFERENCES acme.account,
    names       text[] NOT NULL,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL CHECK (not_after > not_before),
    key_hash    bytea NOT NULL,
    der         bytea NOT NULL,
    issued_at   timestamptz NOT NULL,
    withheld    boolean NOT NULL DEFAULT false,
    number      bigint GENERATED ALWAYS AS IDENTITY
);
COMMENT ON TABLE ca.certificate IS 'Every certificate signed, stored before a client sees it. order_id is unique: one finalize, one certificate.';
COMMENT ON COLUMN ca.certificate.serial IS 'Hexadecimal, lower case, even length.';
COMMENT ON COLUMN ca.certificate.key_hash IS 'SHA-256 of the SubjectPublicKeyInfo.';
COMMENT ON COLUMN ca.certificate.withheld IS 'Arrived from a slow issuer when the gate no longer held: never given out, and revoked.';
COMMENT ON COLUMN ca.certificate.number IS 'certificateID of the action API, whose clients expect a number.';
CREATE INDEX certificate_account ON ca.certificate (account_id, issued_at);
CREATE INDEX certificate_key ON ca.certificate (key_hash);
CREATE INDEX certificate_expiry ON ca.certificate (not_after);

CREATE TABLE ca.revocation (
    serial     text COLLATE "C" PRIMARY KEY REFERENCES ca.certificate,
    revoked_at timestamptz NOT NULL,
    reason     smallint NOT NULL DEFAULT 0 CHECK (reason BETWEEN 0 AND 10 AND reason <> 7),
    crl_number bigint,
    partition  integer CHECK (partition >= 0),
    partition_number bigint,
    told_at    timestamptz
);
COMMENT ON TABLE ca.revocation IS 'Revoked certificates; reason is the RFC 5280 §5.3.1 CRLReason.';
COMMENT ON COLUMN ca.revocation.crl_number IS 'The first complete CRL that lists it; NULL = the next one will.';
COMMENT ON COLUMN ca.revocation.partition IS 'The CRL that the certificate points to; 0 = the complete one; NULL = nobody has looked yet.';
COMMENT ON COLUMN ca.revocation.partition_number IS 'The first CRL of its partition that lists it; NULL = the next one will.';
COMMENT ON COLUMN ca.revocation.told_at IS 'When the issuer was told, in database time; NULL = it is told within seconds.';
CREATE INDEX revocation_untold ON ca.revocation (serial) WHERE told_at IS NULL;
CREATE INDEX revocation_unlisted ON ca.revocation (serial) WHERE crl_number IS NULL;
CREATE INDEX revocation_unplaced ON ca.revocation (serial) WHERE partition IS NULL;
CREATE INDEX revocation_partition ON ca.revocation (partition, serial);
CREATE INDEX revocation_unlisted_in_partition ON ca.revocation (partition) WHERE partition_number IS NULL;

CREATE TABLE ca.crl (
    issuer_id   uuid NOT NULL REFERENCES ca.issuer,
    partition   integer NOT NULL DEFAULT 0 CHECK (partition >= 0),
    number      bigint NOT NULL,
    der         bytea NOT NULL,
    this_update timestamptz NOT NULL,
    next_update timestamptz NOT NULL,
    PRIMARY KEY (issuer_id, partition, number)
);
COMMENT ON TABLE ca.crl IS 'Signed CRLs; the highest number of an issuer and partition is the one served.';
COMMENT ON COLUMN ca.crl.partition IS 'As in its URL and in those of the certificates it is for; 0 = the complete one.';

CREATE TABLE ca.lint_finding (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial   text COLLATE "C" NOT NULL,
    findings text[] NOT NULL,
    refused  boolean NOT NULL,
    found_at timestamptz NOT NULL
);
COMMENT ON TABLE ca.lint_finding IS 'Certificates that pkilint finds errors in.';
COMMENT ON COLUMN ca.lint_finding.refused IS 'true = it was not signed for that (ca.lint_every_certificate); false = it was signed before.';
