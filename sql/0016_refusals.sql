-- What clients and resellers were refused, findable by name; and views that need no right but theirs.

CREATE TABLE audit.refusal (
    hour     timestamptz NOT NULL,
    key      uuid NOT NULL,
    door     text NOT NULL CHECK (door IN ('acme', 'actions', 'products', 'certificates', 'plain')),
    request  text NOT NULL,
    reason   text NOT NULL,
    told     text NOT NULL,
    why      text NOT NULL,
    login    text,
    subject  text,
    proven   boolean NOT NULL,
    names    text[] NOT NULL,
    source   inet,
    times    bigint NOT NULL CHECK (times > 0),
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    PRIMARY KEY (hour, key)
);
COMMENT ON TABLE audit.refusal IS 'What was refused, and to whom. Equal refusals of an hour are one row; strangers get only so many rows an hour (see ops.refusals).';
COMMENT ON COLUMN audit.refusal.hour IS 'The hour of business time that the refusals fall into.';
COMMENT ON COLUMN audit.refusal.key IS 'Hash of everything that makes refusals equal.';
COMMENT ON COLUMN audit.refusal.door IS 'acme, actions (!ACMEAdmin), products (SiteLock and reports), certificates (/v3/scm), or plain (HTTP without TLS).';
COMMENT ON COLUMN audit.refusal.request IS 'What was asked for: an action, or the path below the server.';
COMMENT ON COLUMN audit.refusal.reason IS 'A stable word, such as login_refused or not_enough_credit.';
COMMENT ON COLUMN audit.refusal.told IS 'The text that the caller got.';
COMMENT ON COLUMN audit.refusal.why IS 'What the caller was not told, if anything: why a login was refused, for example.';
COMMENT ON COLUMN audit.refusal.login IS 'Login of the reseller; what the caller says, unless proven.';
COMMENT ON COLUMN audit.refusal.subject IS 'The ACME account, EAB key identifier, order number or cert_id it was about.';
COMMENT ON COLUMN audit.refusal.proven IS 'Had the caller shown who it is, by password, token or signature?';
COMMENT ON COLUMN audit.refusal.names IS 'Domain names in the request, or in the ACME or certificate order it was about.';
COMMENT ON COLUMN audit.refusal.source IS 'Network address the request came from, if known.';
COMMENT ON COLUMN audit.refusal.times IS 'How often, within the hour.';
COMMENT ON COLUMN audit.refusal.first_at IS 'Business time of the first.';
COMMENT ON COLUMN audit.refusal.last_at IS 'Business time of the last.';

CREATE VIEW ops.refusals AS
SELECT name.value AS name,
       coalesce(refusal.login, signer.login) AS reseller,
       refusal.subject,
       refusal.reason,
       refusal.told,
       refusal.why,
       refusal.times,
       refusal.last_at,
       refusal.first_at,
       refusal.source,
       refusal.door,
       refusal.request,
       refusal.proven
  FROM audit.refusal
  LEFT JOIN LATERAL unnest(refusal.names) AS name (value) ON true
  LEFT JOIN LATERAL (
       SELECT account.login
         FROM acme.account acme_account
         JOIN subscription.eab_credential eab ON eab.kid = acme_account.kid
         JOIN reseller.account ON account.id = eab.reseller_id
        WHERE refusal.door = 'acme'
          AND acme_account.id = refusal.subject) AS signer ON true
 ORDER BY refusal.last_at DESC;
COMMENT ON VIEW ops.refusals IS 'Everything that clients and resellers were refused, one row for each name; the newest first.';
COMMENT ON COLUMN ops.refusals.name IS 'A domain name that it was about; NULL = none.';
COMMENT ON COLUMN ops.refusals.reseller IS 'Login of the reseller, or of the one whose ACME account signed; what the caller says, unless proven.';
COMMENT ON COLUMN ops.refusals.subject IS 'The ACME account, EAB key identifier, order number or cert_id it was about.';
COMMENT ON COLUMN ops.refusals.reason IS 'A stable word, such as login_refused or not_enough_credit.';
COMMENT ON COLUMN ops.refusals.told IS 'The text that the caller got.';
COMMENT ON COLUMN ops.refusals.why IS 'What the caller was not told, if anything.';
COMMENT ON COLUMN ops.refusals.times IS 'How often, within the hour of last_at.';
COMMENT ON COLUMN ops.refusals.last_at IS 'Business time of the last.';
COMMENT ON COLUMN ops.refusals.first_at IS 'Business time of the first within that hour.';
COMMENT ON COLUMN ops.refusals.source IS 'Network address the request came from, if known.';
COMMENT ON COLUMN ops.refusals.door IS 'acme, actions, products, certificates or plain.';
COMMENT ON COLUMN ops.refusals.request IS 'What was asked for: an action, or the path below the server.';
COMMENT ON COLUMN ops.refusals.proven IS 'Had the caller shown who it is?';

-- Whoever may read the views need not be let into the room of the sandbox.
ALTER FUNCTION ops.business_now() SECURITY DEFINER SET search_path = pg_catalog;
