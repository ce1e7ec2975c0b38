-- Needs a stop: the prices of all families move into one table. And one view a family for the order report.

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

-- The order report: each family describes its purchases in a view with these columns, and tells in
-- another which names were paid back. A new family adds its two, and a line to each of the two below.

CREATE VIEW subscription.reported_order AS
SELECT line.order_number,
       server.product_id::text AS product,
       server.description,
       array_agg(domain.name ORDER BY line.cost DESC, domain.name) AS names,
       max(subscription.expires_at) AS ends_at,
       CASE WHEN bool_or(line.cost > 0 AND domain.removed_at IS NOT NULL)
            THEN 'cancelled' END AS ended,
       array_agg(domain.name)
           FILTER (WHERE domain.free_because IS NULL
                         AND domain.order_number = line.order_number) AS refundable_names,
       jsonb_build_object(
           'added_at', min(domain.added_at),
           'removed', bool_or(line.cost > 0 AND domain.removed_at IS NOT NULL)) AS facts
  FROM subscription.purchase_line line
  JOIN subscription.domain ON domain.id = line.domain_id
  JOIN subscription.subscription ON subscription.id = domain.subscription_id
  JOIN subscription.eab_credential eab ON eab.kid = subscription.kid
  JOIN acme.server ON server.id = eab.server_id
 GROUP BY line.order_number, server.product_id, server.description;

CREATE VIEW sitelock.reported_order AS
SELECT line.order_number,
       string_agg(line.product::text, ',' ORDER BY line.kind = 'add_on', line.product) AS product,
       'SiteLock' AS description,
       ARRAY[licence.domain_name] AS names,
       licence.expires_at AS ends_at,
       CASE WHEN licence.status IN ('cancelled', 'refunded') THEN licence.status END AS ended,
       ARRAY[licence.domain_name] AS refundable_names,
       jsonb_build_object(
           'days', licence.days,
           'period_started_at', licence.period_started_at,
           'status', licence.status,
           'refund_reason', licence.refund_reason,
           'only_add_ons', bool_and(line.kind = 'add_on')) AS facts
  FROM sitelock.order_line line
  JOIN sitelock.licence ON licence.id = line.licence_id
 GROUP BY line.order_number, licence.id;

CREATE VIEW ssl.reported_order AS
SELECT bought.order_number,
       bought.type AS product,
       bought.brand || ' ' || bought.type AS description,
       bought.names COLLATE "C" AS names,
       certificate.not_after AS ends_at,
       CASE WHEN bought.unsubscribed_at IS NOT NULL THEN 'refunded' END AS ended,
       '{}'::text[] COLLATE "C" AS refundable_names,
       jsonb_build_object(
           'status', bought.status,
           'revoked_at', bought.revoked_at,
           'under_review', EXISTS (SELECT
                                     FROM ssl.unsubscription asked
                                    WHERE asked.cert_id = bought.cert_id
                                      AND asked.status = 'waiting')) AS facts
  FROM ssl.certificate_order bought
  LEFT JOIN ca.certificate ON certificate.serial = bought.serial
 WHERE bought.order_number IS NOT NULL;

CREATE VIEW reseller.reported_order AS
SELECT 'acme' AS family, * FROM subscription.reported_order
 UNION ALL
SELECT 'sitelock', * FROM sitelock.reported_order
 UNION ALL
SELECT 'ssl', * FROM ssl.reported_order;

CREATE VIEW subscription.refunded_name AS
SELECT purchase.account_id, domain.name, purchase.refunded_at
  FROM subscription.domain
  JOIN reseller.purchase USING (order_number)
 WHERE domain.free_because IS NULL
   AND purchase.refunded > 0;

CREATE VIEW sitelock.refunded_name AS
SELECT licence.reseller_id AS account_id, licence.domain_name AS name, purchase.refunded_at
  FROM sitelock.licence
  JOIN sitelock.order_line line ON line.licence_id = licence.id
  JOIN reseller.purchase USING (order_number)
 WHERE purchase.refunded > 0;

CREATE VIEW reseller.refunded_name AS
SELECT 'acme' AS family, * FROM subscription.refunded_name
 UNION ALL
SELECT 'sitelock', * FROM sitelock.refunded_name;

DO $$
DECLARE room text;
BEGIN
    FOREACH room IN ARRAY ARRAY['reseller', 'subscription', 'sitelock', 'ssl'] LOOP
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.order_number IS ''The purchase.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.product IS ''What it is searched by: product id of the server, product numbers with commas, or type of the certificate.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.description IS ''The product in words.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.names IS ''All names it bought something for, the dearest first.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.ends_at IS ''The first instant without what was bought; NULL = has none, or not yet.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.ended IS ''How it ended before its time: cancelled or refunded; NULL = it did not.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.refundable_names IS ''Those whose earlier refunds count (R22).''', room);
        EXECUTE format('COMMENT ON COLUMN %I.reported_order.facts IS ''What else the refund policy of the family looks at (rules/<subject>/refund.py).''', room);
    END LOOP;
    FOREACH room IN ARRAY ARRAY['reseller', 'subscription', 'sitelock'] LOOP
        EXECUTE format('COMMENT ON COLUMN %I.refunded_name.account_id IS ''The reseller.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.refunded_name.name IS ''A wildcard and its base are two names.''', room);
        EXECUTE format('COMMENT ON COLUMN %I.refunded_name.refunded_at IS ''When money came back for it.''', room);
    END LOOP;
END $$;
COMMENT ON VIEW reseller.reported_order IS 'What each purchase bought, of all families; filter it by order_number.';
COMMENT ON COLUMN reseller.reported_order.family IS 'acme, sitelock or ssl, as in reseller.purchase.';
COMMENT ON VIEW subscription.reported_order IS 'What each purchase of names bought, for reseller.reported_order.';
COMMENT ON VIEW sitelock.reported_order IS 'What each purchase of licences bought, for reseller.reported_order.';
COMMENT ON VIEW ssl.reported_order IS 'What each purchase of a certificate bought, for reseller.reported_order.';
COMMENT ON VIEW reseller.refunded_name IS 'Names that were paid back, of all families for which that counts (R22); filter it by account_id and name.';
COMMENT ON COLUMN reseller.refunded_name.family IS 'acme or sitelock, as in reseller.purchase.';
COMMENT ON VIEW subscription.refunded_name IS 'Names of subscriptions that were paid back, for reseller.refunded_name.';
COMMENT ON VIEW sitelock.refunded_name IS 'Domains whose licence was paid back, for reseller.refunded_name.';
