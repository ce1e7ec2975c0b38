-- Rows that look used. Temporary table `filling` says how many.

-- Foreign keys and triggers rest: each row refers to one that is made here, too.
SET LOCAL session_replication_role = replica;

INSERT INTO subscription.eab_credential
    (kid, reseller_id, server_id, encrypted_mac_key, term_days, created_at)
SELECT 'filled-' || number, account.id, server.id, '', 365, now()
  FROM filling
  JOIN reseller.account ON account.login = filling.login
 CROSS JOIN (SELECT id FROM acme.server ORDER BY position LIMIT 1) AS server
 CROSS JOIN generate_series(0, filling.accounts - 1) AS number;

INSERT INTO acme.account (id, kid, server_id, status, jwk, thumbprint, created_at)
SELECT kid, kid, server_id, 'valid', '{}', kid, created_at
  FROM subscription.eab_credential
 WHERE kid LIKE 'filled-%';

-- Customers come evenly over the year before.
INSERT INTO subscription.subscription (id, kid, started_at, expires_at)
SELECT md5('subscription' || number)::uuid, 'filled-' || number,
       now() - interval '360 days' * (1 - number::float / filling.accounts),
       now() + interval '5 days' + interval '360 days' * number::float / filling.accounts
  FROM filling
 CROSS JOIN generate_series(0, filling.accounts - 1) AS number;

INSERT INTO organization.organization
    (id, reseller_id, name, locality, country, created_at, changed_at)
SELECT md5('organization' || number)::uuid, account.id, 'Filled ' || number, 'Berlin', 'DE',
       now() - interval '1 year' * (1 - number::float / filling.accounts), now()
  FROM filling
  JOIN reseller.account ON account.login = filling.login
 CROSS JOIN generate_series(0, filling.accounts - 1) AS number;

INSERT INTO organization.prevalidation
    (organization_id, reseller_id, type, state, details, requested_at, expires_at)
SELECT id, reseller_id, 'OV', 'valid',
       jsonb_build_object('name', name, 'country', country, 'locality', locality,
                          'state_or_province', '', 'street', '', 'postal_code', '',
                          'applicant_name', '', 'applicant_email', '', 'applicant_phone', '',
                          'identifiers', jsonb_build_object()),
       now(), now() + interval '1 year'
  FROM organization.organization
 WHERE name LIKE 'Filled %';

INSERT INTO reseller.purchase (order_number, account_id, kind, cost, currency, days, purchased_at)
SELECT number, account.id, 'add_domain', 365, 'USD', 365,
       now() - interval '1 year' * (1 - number::float / filling.names)
  FROM filling
  JOIN reseller.account ON account.login = filling.login
 CROSS JOIN generate_series(1, filling.names) AS number;

INSERT INTO subscription.domain
    (id, subscription_id, name, name_type, order_number, added_at, added_by)
SELECT md5('domain' || number)::uuid, md5('subscription' || number % filling.accounts)::uuid,
       'n' || number || '.filled.example', 'fqdn', number, now(),
       'filled-' || number % filling.accounts
  FROM filling
 CROSS JOIN generate_series(1, filling.names) AS number;

INSERT INTO subscription.purchase_line (order_number, domain_id, cost)
SELECT number, md5('domain' || number)::uuid, 365
  FROM filling
 CROSS JOIN generate_series(1, filling.names) AS number;

-- What is charged was paid in before: the balance stays the sum of the entries.
INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT account.id, 365 * filling.names, 0, 'deposit', NULL, now() - interval '1 year'
  FROM filling
  JOIN reseller.account ON account.login = filling.login
 WHERE filling.names > 0
 UNION ALL
SELECT account.id, -365, 0, 'charge', number,
       now() - interval '1 year' * (1 - number::float / filling.names)
  FROM filling
  JOIN reseller.account ON account.login = filling.login
 CROSS JOIN generate_series(1, filling.names) AS number;

INSERT INTO acme."order" (id, account_id, status, profile, expires_at, created_at)
SELECT md5('order' || number)::uuid, 'filled-' || number % filling.accounts, 'valid', 'classic',
       now(), now()
  FROM filling
 CROSS JOIN generate_series(1, filling.certificates) AS number;

INSERT INTO acme.authorization (id, account_id, name, status, expires_at, created_at)
SELECT md5('authorization' || number)::uuid, 'filled-' || number % filling.accounts,
       'n' || number || '.filled.example', 'valid', now(), now()
  FROM filling
 CROSS JOIN generate_series(1, filling.certificates) AS number;

INSERT INTO acme.order_identifier (order_id, position, name, authorization_id)
SELECT md5('order' || number)::uuid, 1, 'n' || number || '.filled.example',
       md5('authorization' || number)::uuid
  FROM filling
 CROSS JOIN generate_series(1, filling.certificates) AS number;

INSERT INTO acme.challenge (id, authorization_id, type, token, status)
SELECT md5(type || number)::uuid, md5('authorization' || number)::uuid, type, 'token', 'valid'
  FROM filling
 CROSS JOIN generate_series(1, filling.certificates) AS number
 CROSS JOIN unnest(ARRAY['http-01', 'dns-01']) AS type;

INSERT INTO ca.certificate
    (serial, issuer_id, order_id, account_id, names, not_before, not_after, key_hash, der, issued_at)
SELECT md5('certificate' || number), issuer.id, md5('order' || number)::uuid,
       'filled-' || number % filling.accounts, ARRAY['n' || number || '.filled.example'],
       now(), now() + interval '90 days', decode(md5('key' || number), 'hex'),
       convert_to(repeat(md5(number::text), 22), 'UTF8'), now()
  FROM filling
 CROSS JOIN (SELECT id FROM ca.issuer LIMIT 1) AS issuer
 CROSS JOIN generate_series(1, filling.certificates) AS number;

INSERT INTO ca.revocation (serial, revoked_at)
SELECT md5('certificate' || number), now()
  FROM filling
 CROSS JOIN generate_series(1, filling.revocations) AS number;

INSERT INTO audit.event (at, actor, action, subject)
SELECT now(), 'acme:filled-' || number % filling.accounts, action, md5(action || number)
  FROM filling
 CROSS JOIN generate_series(1, filling.certificates) AS number
 CROSS JOIN unnest(ARRAY['order.placed', 'authorization.validated', 'certificate.issued']) AS action;

INSERT INTO acme.nonce (nonce)
SELECT decode(md5('nonce' || number), 'hex')
  FROM filling
 CROSS JOIN generate_series(1, filling.certificates) AS number;
