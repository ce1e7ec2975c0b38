-- What stands in the console's lists besides names: rows of the one reseller whose names they are.
-- Temporary table `filling` says how many names and accounts; all else follows from them.

SET LOCAL session_replication_role = replica;

CREATE TEMPORARY TABLE filled ON COMMIT DROP AS
SELECT account.id AS reseller_id, account.login, filling.names, filling.accounts,
       greatest(filling.names / 100, 1) AS hundredth,
       greatest(filling.names / 10000, 1) AS few,
       10000000::bigint AS first_number
  FROM filling
  JOIN reseller.account ON account.login = filling.login;

-- Other resellers.
INSERT INTO reseller.account (id, login, password_hash, created_at)
SELECT md5('reseller' || number)::uuid, 'filled-' || number, '', now() - number * interval '1 hour'
  FROM filled
 CROSS JOIN generate_series(1, filled.few * 5) AS number;

-- Each hundredth name was paid back, and money was paid in each day of the year.
UPDATE reseller.purchase
   SET refunded = cost, refunded_at = purchased_at + interval '5 days'
  FROM filled
 WHERE purchase.account_id = filled.reseller_id
   AND order_number <= filled.names
   AND order_number % 100 = 0;
UPDATE subscription.domain
   SET removed_at = added_at + interval '5 days'
  FROM filled
 WHERE domain.order_number <= filled.names
   AND domain.order_number % 100 = 0
   AND domain.name LIKE '%.filled.example';
INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT account_id, cost, 0, 'refund', order_number, refunded_at
  FROM reseller.purchase
  JOIN filled ON filled.reseller_id = purchase.account_id
 WHERE refunded_at IS NOT NULL
 ORDER BY refunded_at;
INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, booked_at, note)
SELECT reseller_id, 1, 0, 'deposit', now() - (366 - number) * interval '1 day', 'bank transfer'
  FROM filled
 CROSS JOIN generate_series(1, 365) AS number;

-- SiteLock licences and SSL certificates: one for a hundred names each.
INSERT INTO reseller.purchase (order_number, account_id, kind, cost, currency, days, purchased_at)
SELECT first_number + number, reseller_id, 'order_sitelock', 149, 'USD', 365,
       now() - interval '1 year' * (1 - number::float / hundredth)
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number;
INSERT INTO sitelock.licence
    (id, reseller_id, domain_name, product, days, email, auto_renew, period_started_at, expires_at,
     created_at)
SELECT md5('licence' || number)::uuid, reseller_id, 'n' || number || '.filled.example', 1060, 365,
       'owner@filled.example', false, purchased_at, purchased_at + interval '365 days', purchased_at
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number
  JOIN reseller.purchase ON order_number = first_number + number;
INSERT INTO sitelock.order_line (order_number, product, licence_id, kind, cost)
SELECT first_number + number, 1060, md5('licence' || number)::uuid, 'order', 149
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number;

INSERT INTO reseller.purchase (order_number, account_id, kind, cost, currency, days, purchased_at)
SELECT first_number * 2 + number, reseller_id, 'order_ssl', 120, 'USD', 365,
       now() - interval '1 year' * (1 - number::float / hundredth)
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number;
INSERT INTO ca.certificate
    (serial, issuer_id, names, not_before, not_after, key_hash, der, issued_at)
SELECT md5('ssl' || number), issuer.id, ARRAY['n' || number || '.filled.example'],
       purchased_at, purchased_at + interval '365 days', decode(md5('ssl key' || number), 'hex'),
       convert_to(repeat(md5(number::text), 22), 'UTF8'), purchased_at
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number
 CROSS JOIN (SELECT id FROM ca.issuer LIMIT 1) AS issuer
  JOIN reseller.purchase ON order_number = first_number * 2 + number
 WHERE number % 10 > 1;
INSERT INTO ssl."order"
    (cert_id, reseller_id, order_number, name, brand, type, names, months, paid, status, serial,
     application_id, first_issued_at, created_at, updated_at)
SELECT 'scs' || lpad(number::text, 13, '0'), reseller_id, first_number * 2 + number,
       'certificate ' || number, 'LOCAL', 'DV_SSL_CERT', ARRAY['n' || number || '.filled.example'],
       12, 120,
       CASE WHEN number % 10 > 1 THEN 'ISSUED'
            WHEN number % 1000 = 1 THEN 'CHECKING_ORG'
            ELSE 'PAID' END,
       CASE WHEN number % 10 > 1 THEN md5('ssl' || number) END,
       CASE WHEN number % 10 > 1 OR number % 1000 = 1 THEN md5('application' || number)::uuid END,
       CASE WHEN number % 10 > 1 THEN purchased_at END, purchased_at, purchased_at
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number
  JOIN reseller.purchase ON order_number = first_number * 2 + number;
INSERT INTO ssl.application (id, cert_id, csr, key_hash, method, organization, submitted_at)
SELECT application_id, cert_id, '', '', 'http-01', '{"organization": "Filled"}', created_at
  FROM ssl."order"
 WHERE application_id IS NOT NULL;
INSERT INTO ssl.unsubscription (cert_id, status, requested_at, acknowledged, decided_at, decided_by)
SELECT 'scs' || lpad((number * 10)::text, 13, '0'),
       CASE WHEN number % 20 = 0 THEN 'waiting' ELSE 'rejected' END, now(), 'flag',
       CASE WHEN number % 20 > 0 THEN now() END, CASE WHEN number % 20 > 0 THEN 'operator:filled' END
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth / 20) AS number;

-- Each thousandth organization waits for a decision.
UPDATE organization.prevalidation
   SET state = 'requested', expires_at = NULL
 WHERE number % 1000 = 0;

-- What people and clients did: refused names of the last year, operators' work, notices.
INSERT INTO audit.event (at, actor, action, subject, after)
SELECT now() - interval '1 year' * (1 - number::float / (hundredth * 5)),
       'acme:filled-' || number % accounts, 'issuance.refused', 'filled-' || number % accounts,
       jsonb_build_object('refusals', jsonb_build_array(jsonb_build_object(
           'name', 'r' || number || '.filled.example', 'reason', 'not_listed',
           'text', 'is not in the subscription')))
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth * 5) AS number;
INSERT INTO audit.event (at, actor, action, subject, after)
SELECT now() - interval '1 year' * (1 - number::float / hundredth),
       'job:validation', 'authorization.failed', md5('authorization' || number)::uuid::text,
       jsonb_build_object('name', 'n' || number || '.filled.example',
                          'error', jsonb_build_object('detail', 'connection refused'))
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number;
INSERT INTO audit.event (at, actor, action, subject)
SELECT now() - interval '1 year' * (1 - number::float / hundredth), 'operator:filled',
       'reseller.changed', 'filled-' || number
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number;
INSERT INTO audit.refusal
    (hour, key, door, request, reason, answer, why, login, subject, proven, names, source, times,
     first_at, last_at)
SELECT date_trunc('hour', now() - number * interval '30 days' / hundredth),
       md5('refusal' || number)::uuid, 'reseller', 'ADDDOMAIN', 'domain_already_present',
       'The name is in the subscription already.', '', login, NULL, true,
       ARRAY['n' || number || '.filled.example'], '192.0.2.1', 1,
       now() - number * interval '30 days' / hundredth,
       now() - number * interval '30 days' / hundredth
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth) AS number;

INSERT INTO notice.destination (id, reseller_id, channel, address, kinds, created_at)
SELECT md5('destination')::uuid, reseller_id, 'mail', 'notices@filled.example', '{}', now()
  FROM filled;
INSERT INTO notice.notice (id, reseller_id, kind, subject, due_at, data, once)
SELECT md5('notice' || number)::uuid, reseller_id, 'subscription.expiring',
       'filled-' || number % accounts, now(),
       jsonb_build_object('acmeAccountID', 'filled-' || number % accounts, 'daysLeft', 7),
       'filled ' || number
  FROM filled
 CROSS JOIN generate_series(1, filled.hundredth * 10) AS number;
INSERT INTO notice.delivery (destination_id, notice_number, status, attempts, delivered_at)
SELECT md5('destination')::uuid, number, 'delivered', 1, now()
  FROM notice.notice
 WHERE once LIKE 'filled %';
