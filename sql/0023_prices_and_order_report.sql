-- Needs a stop: the prices of all families move into one table.

ALTER TABLE reseller.price
    ADD COLUMN family text,
    ADD COLUMN item text COLLATE "C",
    ADD COLUMN variant text COLLATE "C";
ALTER TABLE reseller.price RENAME COLUMN yearly TO amount;

UPDATE reseller.price
   SET family = 'acme', item = server.name, variant = price.name_type
  FROM acme.server
 WHERE server.id = price.server_id;

CREATE OR REPLACE VIEW ops.low_balances AS
SELECT account.login AS reseller,
       account.currency,
       account.balance,
       account.credit_limit,
       account.balance + account.credit_limit AS available,
       coalesce(due.cost, 0) AS needed
  FROM reseller.account
  LEFT JOIN LATERAL (
       SELECT sum(price.amount) AS cost
         FROM subscription.eab_credential eab
         JOIN acme.server ON server.id = eab.server_id
         JOIN subscription.subscription
           ON subscription.kid = eab.kid
          AND subscription.superseded_at IS NULL
          AND ops.business_now() >= subscription.expires_at - interval '2400 hours'
          AND ops.business_now() < subscription.expires_at + interval '720 hours 1 second'
         JOIN subscription.domain
           ON domain.subscription_id = subscription.id
          AND domain.removed_at IS NULL
          AND domain.free_because IS NULL
         JOIN LATERAL (
              SELECT offered.amount
                FROM reseller.price offered
               WHERE offered.family = 'acme'
                 AND offered.item = server.name
                 AND offered.variant = domain.name_type
                 AND (offered.account_id = account.id OR offered.account_id IS NULL)
               ORDER BY offered.account_id IS NULL
               LIMIT 1) AS price ON true
        WHERE eab.reseller_id = account.id) AS due ON true
 WHERE account.status = 'active'
   AND (account.balance + account.credit_limit <= 0
        OR account.balance + account.credit_limit < due.cost)
 ORDER BY account.login;

ALTER TABLE reseller.price
    DROP COLUMN server_id,
    DROP COLUMN name_type;

INSERT INTO reseller.price (id, account_id, family, item, variant, amount, currency)
SELECT id, account_id, 'sitelock', product::text, days::text, amount, currency
  FROM sitelock.price
 UNION ALL
SELECT id, account_id, 'ssl', brand || '/' || type, name_type, yearly, currency
  FROM ssl.price;
DROP TABLE sitelock.price, ssl.price;

ALTER TABLE reseller.price
    ALTER COLUMN family SET NOT NULL,
    ALTER COLUMN item SET NOT NULL,
    ALTER COLUMN variant SET NOT NULL,
    ADD COLUMN server text GENERATED ALWAYS AS (CASE family WHEN 'acme' THEN item END) STORED
        REFERENCES acme.server (name),
    ADD UNIQUE NULLS NOT DISTINCT (account_id, family, item, variant),
    ADD CONSTRAINT item_fits_family CHECK (
        CASE family
        WHEN 'acme' THEN variant IN ('fqdn', 'wildcard')
        WHEN 'sitelock' THEN item ~ '^[0-9]+$' AND variant IN ('0', '30', '365')
        WHEN 'ssl' THEN item ~ '^[A-Z][A-Z0-9_]{0,31}/(DV|OV)_SSL_CERT$'
                        AND variant IN ('fqdn', 'wildcard')
        ELSE false END);

COMMENT ON TABLE reseller.price IS 'What is on offer, and at what price. account_id NULL = the default list, used where a reseller has no own price.';
COMMENT ON COLUMN reseller.price.family IS 'acme = names of subscriptions, sitelock = licences, ssl = single certificates; as in reseller.purchase.';
COMMENT ON COLUMN reseller.price.item IS 'acme: name of the server. sitelock: product number. ssl: brand and type, as LOCAL/DV_SSL_CERT; a brand without a price is not on offer.';
COMMENT ON COLUMN reseller.price.variant IS 'acme and ssl: fqdn or wildcard. sitelock: days of the licence, 0 = bought once.';
COMMENT ON COLUMN reseller.price.amount IS 'acme: a name for 365 days. ssl: a name for 12 months. sitelock: the licence for its days.';
COMMENT ON COLUMN reseller.price.server IS 'The server, for acme: it must exist. Computed from item.';
