-- EAB credentials, subscriptions and their domain names.

CREATE SCHEMA subscription;
COMMENT ON SCHEMA subscription IS 'What resellers sell: EAB credentials, subscriptions and the names in them.';

CREATE TABLE subscription.eab_credential (
    kid              text COLLATE "C" PRIMARY KEY CHECK (kid ~ '^[A-Za-z0-9_-]{1,32}$'),
    reseller_id      uuid NOT NULL REFERENCES reseller.account,
    server_id        uuid NOT NULL REFERENCES acme.server,
    encrypted_mac_key bytea NOT NULL,
    reusable         boolean NOT NULL DEFAULT true,
    status           text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deactivated')),
    suspended        boolean NOT NULL DEFAULT false,
    term_days        integer NOT NULL CHECK (term_days IN (365, 730, 1095)),
    version          bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    last_activity    timestamptz,
    UNIQUE (kid, server_id)
);
COMMENT ON TABLE subscription.eab_credential IS 'An External Account Binding credential (RFC 8555 §7.3.4); its row is the lock of everything below it.';
COMMENT ON COLUMN subscription.eab_credential.kid IS 'Key identifier, eabMACIDb64url of the action API; also the id of the first ACME account.';
COMMENT ON COLUMN subscription.eab_credential.encrypted_mac_key IS 'MultiFernet token of the raw MAC key.';
COMMENT ON COLUMN subscription.eab_credential.reusable IS 'May the credential register further ACME accounts?';
COMMENT ON COLUMN subscription.eab_credential.term_days IS 'Term of a subscription started under this credential (R1).';
COMMENT ON COLUMN subscription.eab_credential.version IS 'Grows with every change to the credential, its accounts, subscription or names; finalize re-checks it while holding a share lock.';
CREATE INDEX eab_credential_reseller ON subscription.eab_credential (reseller_id, created_at);

CREATE TABLE subscription.subscription (
    id            uuid PRIMARY KEY,
    kid           text COLLATE "C" NOT NULL REFERENCES subscription.eab_credential,
    started_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL CHECK (expires_at > started_at),
    superseded_at timestamptz
);
COMMENT ON TABLE subscription.subscription IS 'One paid period of validity; the names are in subscription.domain.';
COMMENT ON COLUMN subscription.subscription.expires_at IS 'Last second of validity, 23:59:59 UTC (R3); 30 days of grace follow.';
COMMENT ON COLUMN subscription.subscription.superseded_at IS 'When a new subscription replaced this one after its grace period.';
CREATE UNIQUE INDEX one_current_subscription ON subscription.subscription (kid) WHERE superseded_at IS NULL;
CREATE INDEX subscription_kid ON subscription.subscription (kid, started_at);
CREATE INDEX subscription_expiry ON subscription.subscription (expires_at) WHERE superseded_at IS NULL;

CREATE TABLE subscription.domain (
    id              uuid PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES subscription.subscription,
    name            text COLLATE "C" NOT NULL CHECK (name = lower(name) AND length(name) BETWEEN 1 AND 255),
    name_type       text NOT NULL CHECK (name_type IN ('fqdn', 'wildcard')),
    free_because    text CHECK (free_because IN ('wildcard_base', 'www')),
    partner_id      uuid REFERENCES subscription.domain,
    order_number    bigint NOT NULL REFERENCES reseller.purchase,
    added_at        timestamptz NOT NULL,
    added_by        text COLLATE "C" NOT NULL,
    removed_at      timestamptz,
    CONSTRAINT type_fits_name CHECK ((name_type = 'wildcard') = (name LIKE '*.%')),
    CONSTRAINT free_names_have_partner CHECK ((free_because IS NULL) = (partner_id IS NULL))
);
COMMENT ON TABLE subscription.domain IS 'A name in a subscription. Removed names keep their row.';
COMMENT ON COLUMN subscription.domain.free_because IS 'NULL = paid; wildcard_base = R14, www = R15.';
COMMENT ON COLUMN subscription.domain.partner_id IS 'The domain that makes this one free; removing that one removes this one (R10).';
COMMENT ON COLUMN subscription.domain.order_number IS 'The purchase that added the name; refunded if it is removed within 30 days (R8).';
COMMENT ON COLUMN subscription.domain.added_by IS 'The acmeAccountID that ADDDOMAIN named.';
CREATE UNIQUE INDEX domain_once ON subscription.domain (subscription_id, name) WHERE removed_at IS NULL;
CREATE INDEX domain_subscription ON subscription.domain (subscription_id);
CREATE INDEX domain_partner ON subscription.domain (partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX domain_name ON subscription.domain (name);
CREATE INDEX domain_order ON subscription.domain (order_number);

CREATE TABLE subscription.purchase_line (
    order_number bigint NOT NULL REFERENCES reseller.purchase,
    domain_id    uuid NOT NULL REFERENCES subscription.domain,
    cost         numeric(12,2) NOT NULL CHECK (cost >= 0),
    PRIMARY KEY (order_number, domain_id)
);
COMMENT ON TABLE subscription.purchase_line IS 'Which names a purchase paid for, and each name''s share of the cost.';
CREATE INDEX purchase_line_domain ON subscription.purchase_line (domain_id);
