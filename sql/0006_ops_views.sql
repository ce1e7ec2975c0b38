-- Answers to what operators ask. Read-only; time is ops.business_now(), days are UTC days.

CREATE VIEW ops.subscriptions AS
SELECT account.login AS reseller,
       subscription.kid,
       server.name AS server,
       subscription.id AS subscription_id,
       subscription.started_at,
       subscription.expires_at,
       CASE
           WHEN subscription.superseded_at IS NOT NULL THEN 'expired'
           WHEN ops.business_now() < subscription.expires_at + interval '1 second' THEN 'active'
           WHEN ops.business_now() < subscription.expires_at + interval '720 hours 1 second' THEN 'grace'
           ELSE 'expired'
       END AS state,
       greatest((subscription.expires_at AT TIME ZONE 'UTC')::date
                - (ops.business_now() AT TIME ZONE 'UTC')::date, 0) AS days_left,
       subscription.expires_at + interval '720 hours' AS grace_ends_at,
       subscription.superseded_at,
       names.paid AS paid_names,
       names.free AS free_names
  FROM subscription.subscription
  JOIN subscription.eab_credential eab ON eab.kid = subscription.kid
  JOIN reseller.account ON account.id = eab.reseller_id
  JOIN acme.server ON server.id = eab.server_id
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE domain.free_because IS NULL) AS paid,
              count(*) FILTER (WHERE domain.free_because IS NOT NULL) AS free
         FROM subscription.domain
        WHERE domain.subscription_id = subscription.id
          AND domain.removed_at IS NULL) AS names;
COMMENT ON VIEW ops.subscriptions IS 'Every subscription, current and past, with its state.';
COMMENT ON COLUMN ops.subscriptions.kid IS 'EAB key identifier; also the id of the first ACME account.';
COMMENT ON COLUMN ops.subscriptions.state IS 'active (certificates), grace (30 days: extend or remove only) or expired.';
COMMENT ON COLUMN ops.subscriptions.days_left IS 'Full days until expiry, which is what a name added now would be charged for; 0 from the last day on.';
COMMENT ON COLUMN ops.subscriptions.grace_ends_at IS 'Last second in which it can be extended.';
COMMENT ON COLUMN ops.subscriptions.superseded_at IS 'When a new subscription replaced it; NULL = still the credential''s own.';

CREATE VIEW ops.expiring_soon AS
SELECT reseller, kid, server, expires_at, days_left, paid_names, free_names
  FROM ops.subscriptions
 WHERE state = 'active'
   AND days_left <= 30
 ORDER BY expires_at;
COMMENT ON VIEW ops.expiring_soon IS 'Subscriptions with 30 days or less; they can be extended since day 100.';

CREATE VIEW ops.in_grace AS
SELECT reseller, kid, server, expires_at, grace_ends_at,
       (grace_ends_at AT TIME ZONE 'UTC')::date - (ops.business_now() AT TIME ZONE 'UTC')::date AS days_to_extend,
       paid_names, free_names
  FROM ops.subscriptions
 WHERE state = 'grace'
 ORDER BY expires_at;
COMMENT ON VIEW ops.in_grace IS 'Expired subscriptions that can still be extended; no certificates are issued for them.';
COMMENT ON COLUMN ops.in_grace.days_to_extend IS 'Full days until the names are lost; 0 = today is the last day.';

CREATE VIEW ops.domains AS
SELECT domain.name,
       subscriptions.reseller,
       subscriptions.kid,
       subscriptions.state AS subscription_state,
       subscriptions.expires_at,
       coalesce(domain.free_because, 'paid') AS charged_as,
       partner.name AS free_with,
       domain.order_number,
       line.cost,
       domain.added_at,
       domain.added_by,
       domain.removed_at
  FROM subscription.domain
  JOIN ops.subscriptions ON subscriptions.subscription_id = domain.subscription_id
  JOIN subscription.purchase_line line
    ON line.order_number = domain.order_number
   AND line.domain_id = domain.id
  LEFT JOIN subscription.domain partner ON partner.id = domain.partner_id;
COMMENT ON VIEW ops.domains IS 'Every name ever added, with what it costs and why.';
COMMENT ON COLUMN ops.domains.charged_as IS 'paid; wildcard_base = free because of the wildcard above it; www = free because of the name without www.';
COMMENT ON COLUMN ops.domains.free_with IS 'The name that makes it free; when that one is removed, this one goes too.';
COMMENT ON COLUMN ops.domains.cost IS 'What the order that added it charged for it; extensions come on top.';
COMMENT ON COLUMN ops.domains.removed_at IS 'NULL = still listed.';

CREATE VIEW ops.purchases AS
SELECT purchase.order_number,
       account.login AS reseller,
       purchase.kind,
       purchase.cost,
       purchase.currency,
       purchase.days,
       purchase.purchased_at,
       purchase.refunded,
       purchase.refunded_at,
       purchase.cost - purchase.refunded AS kept,
       lines.kid,
       lines.names
  FROM reseller.purchase
  JOIN reseller.account ON account.id = purchase.account_id
  LEFT JOIN LATERAL (
       SELECT min(subscription.kid) AS kid,
              array_agg(domain.name ORDER BY domain.free_because IS NOT NULL, domain.name) AS names
         FROM subscription.purchase_line line
         JOIN subscription.domain ON domain.id = line.domain_id
         JOIN subscription.subscription ON subscription.id = domain.subscription_id
        WHERE line.order_number = purchase.order_number) AS lines ON true;
COMMENT ON VIEW ops.purchases IS 'Money orders with what they were for and what was paid back.';
COMMENT ON COLUMN ops.purchases.names IS 'The names it was charged for, free ones last.';
COMMENT ON COLUMN ops.purchases.kept IS 'Cost less refund.';

CREATE VIEW ops.daily_revenue AS
SELECT moved.day, moved.currency,
       sum(moved.charged) AS charged,
       sum(moved.refunded) AS refunded,
       sum(moved.charged - moved.refunded) AS revenue
  FROM (SELECT (purchased_at AT TIME ZONE 'UTC')::date AS day, currency, cost AS charged, 0 AS refunded
          FROM reseller.purchase
         UNION ALL
        SELECT (refunded_at AT TIME ZONE 'UTC')::date, currency, 0, refunded
          FROM reseller.purchase
         WHERE refunded_at IS NOT NULL) AS moved
 GROUP BY moved.day, moved.currency
 ORDER BY moved.day DESC, moved.currency;
COMMENT ON VIEW ops.daily_revenue IS 'What resellers were charged and paid back, by UTC day and currency. Debits of Tier-1 parents for the same orders are not counted twice.';
COMMENT ON COLUMN ops.daily_revenue.refunded IS 'By the day of the refund, not of the purchase.';

CREATE VIEW ops.ledger_mismatch AS
SELECT 'balance is not the sum of the ledger' AS problem, account.login AS reseller,
       NULL::bigint AS order_number, account.balance AS stated, sums.amount AS computed
  FROM reseller.account
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(entry.amount), 0) AS amount
         FROM reseller.ledger_entry entry
        WHERE entry.account_id = account.id) AS sums
 WHERE account.balance <> sums.amount
 UNION ALL
SELECT 'cost is not what was booked', account.login, purchase.order_number, purchase.cost, sums.amount
  FROM reseller.purchase
  JOIN reseller.account ON account.id = purchase.account_id
 CROSS JOIN LATERAL (
       SELECT coalesce(-sum(entry.amount), 0) AS amount
         FROM reseller.ledger_entry entry
        WHERE entry.order_number = purchase.order_number
          AND entry.account_id = purchase.account_id
          AND entry.kind = 'charge') AS sums
 WHERE purchase.cost <> sums.amount
 UNION ALL
SELECT 'refund is not what was booked', account.login, purchase.order_number, purchase.refunded, sums.amount
  FROM reseller.purchase
  JOIN reseller.account ON account.id = purchase.account_id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(entry.amount), 0) AS amount
         FROM reseller.ledger_entry entry
        WHERE entry.order_number = purchase.order_number
          AND entry.account_id = purchase.account_id
          AND entry.kind = 'refund') AS sums
 WHERE purchase.refunded <> sums.amount
 UNION ALL
SELECT 'cost is not the sum of its names', account.login, purchase.order_number, purchase.cost, sums.cost
  FROM reseller.purchase
  JOIN reseller.account ON account.id = purchase.account_id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(line.cost), 0) AS cost
         FROM subscription.purchase_line line
        WHERE line.order_number = purchase.order_number) AS sums
 WHERE purchase.cost <> sums.cost
   AND purchase.kind IN ('add_domain', 'extend_domains');
COMMENT ON VIEW ops.ledger_mismatch IS 'Always empty. A row means that money was moved past the program.';

CREATE VIEW ops.low_balances AS
SELECT account.login AS reseller,
       account.currency,
       account.balance,
       account.credit_limit,
       account.balance + account.credit_limit AS available,
       coalesce(due.cost, 0) AS needed
  FROM reseller.account
  LEFT JOIN LATERAL (
       SELECT sum(price.yearly) AS cost
         FROM subscription.eab_credential eab
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
              SELECT offered.yearly
                FROM reseller.price offered
               WHERE offered.server_id = eab.server_id
                 AND offered.name_type = domain.name_type
                 AND (offered.account_id = account.id OR offered.account_id IS NULL)
               ORDER BY offered.account_id IS NULL
               LIMIT 1) AS price ON true
        WHERE eab.reseller_id = account.id) AS due ON true
 WHERE account.status = 'active'
   AND (account.balance + account.credit_limit <= 0
        OR account.balance + account.credit_limit < due.cost)
 ORDER BY account.login;
COMMENT ON VIEW ops.low_balances IS 'Resellers that cannot buy anything, or not extend by a year what is due for extension.';
COMMENT ON COLUMN ops.low_balances.available IS 'Balance and credit limit together.';
COMMENT ON COLUMN ops.low_balances.needed IS 'A year for every paid name in a subscription whose extension window is open, at today''s prices.';

CREATE VIEW ops.certificates_by_domain AS
SELECT identifier.name,
       account.login AS reseller,
       acme_account.kid,
       certificate.account_id,
       certificate.serial,
       certificate.number AS certificate_id,
       certificate.order_id,
       certificate.issued_at,
       certificate.not_before,
       certificate.not_after,
       CASE
           WHEN revocation.serial IS NOT NULL THEN 'revoked'
           WHEN certificate.withheld THEN 'withheld'
           WHEN ops.business_now() > certificate.not_after THEN 'expired'
           ELSE 'valid'
       END AS state,
       revocation.revoked_at,
       revocation.reason AS revocation_reason
  FROM acme.order_identifier identifier
  JOIN ca.certificate ON certificate.order_id = identifier.order_id
  JOIN acme.account acme_account ON acme_account.id = certificate.account_id
  JOIN subscription.eab_credential eab ON eab.kid = acme_account.kid
  JOIN reseller.account ON account.id = eab.reseller_id
  LEFT JOIN ca.revocation ON revocation.serial = certificate.serial;
COMMENT ON VIEW ops.certificates_by_domain IS 'Certificates with one row for each of their names.';
COMMENT ON COLUMN ops.certificates_by_domain.certificate_id IS 'certificateID of the action API.';
COMMENT ON COLUMN ops.certificates_by_domain.state IS 'valid, expired, revoked, or withheld (signed too late and never given out).';

CREATE VIEW ops.issuance_refusals AS
SELECT refusal.value ->> 'name' AS name,
       event.at,
       refusal.value ->> 'reason' AS reason,
       event.actor,
       event.source,
       event.subject,
       event.id AS event_id
  FROM audit.event
 CROSS JOIN LATERAL jsonb_array_elements(event.after -> 'refusals') AS refusal
 WHERE event.action = 'issuance.refused'
   AND jsonb_typeof(event.after -> 'refusals') = 'array'
 ORDER BY event.id DESC;
COMMENT ON VIEW ops.issuance_refusals IS 'Why was this name refused? The newest refusal first.';
COMMENT ON COLUMN ops.issuance_refusals.actor IS 'The ACME account that asked.';

CREATE VIEW ops.stuck_orders AS
SELECT "order".id AS order_id,
       account.login AS reseller,
       acme_account.kid,
       "order".account_id,
       "order".created_at,
       ops.business_now() - "order".created_at AS age,
       "order".issue_after,
       ARRAY(SELECT identifier.name
               FROM acme.order_identifier identifier
              WHERE identifier.order_id = "order".id
              ORDER BY identifier.position) AS names
  FROM acme."order"
  JOIN acme.account acme_account ON acme_account.id = "order".account_id
  JOIN subscription.eab_credential eab ON eab.kid = acme_account.kid
  JOIN reseller.account ON account.id = eab.reseller_id
 WHERE "order".status = 'processing'
   AND "order".created_at < ops.business_now() - interval '1 hour'
 ORDER BY "order".created_at;
COMMENT ON VIEW ops.stuck_orders IS 'ACME orders that an issuer still works on an hour after they were placed.';
COMMENT ON COLUMN ops.stuck_orders.issue_after IS 'When the issuer is asked again, in database time.';

CREATE VIEW ops.refunds_after_issuance AS
SELECT account.login AS reseller,
       date_trunc('month', purchase.refunded_at AT TIME ZONE 'UTC')::date AS month,
       purchase.currency,
       count(*) AS names,
       sum(purchase.refunded) AS refunded,
       sum(used.certificates) AS certificates
  FROM reseller.purchase
  JOIN reseller.account ON account.id = purchase.account_id
  JOIN subscription.domain
    ON domain.order_number = purchase.order_number
   AND domain.free_because IS NULL
  JOIN subscription.subscription ON subscription.id = domain.subscription_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS certificates
         FROM acme.order_identifier identifier
         JOIN ca.certificate ON certificate.order_id = identifier.order_id
         JOIN acme.account acme_account ON acme_account.id = certificate.account_id
        WHERE identifier.name = domain.name
          AND acme_account.kid = subscription.kid
          AND certificate.issued_at BETWEEN domain.added_at AND domain.removed_at) AS used
 WHERE purchase.refunded > 0
   AND used.certificates > 0
 GROUP BY account.login, month, purchase.currency
 ORDER BY month DESC, refunded DESC;
COMMENT ON VIEW ops.refunds_after_issuance IS 'Refund abuse: names that were added, used for certificates and removed for a full refund, per reseller and month.';
COMMENT ON COLUMN ops.refunds_after_issuance.month IS 'First day of the UTC month of the refund.';
COMMENT ON COLUMN ops.refunds_after_issuance.certificates IS 'Certificates issued for those names while they were listed.';

CREATE VIEW ops.lint_findings AS
SELECT finding.found_at, finding.serial, finding.refused, finding.findings, certificate.names,
       certificate.account_id
  FROM ca.lint_finding finding
  LEFT JOIN ca.certificate ON certificate.serial = finding.serial
 ORDER BY finding.id DESC;
COMMENT ON VIEW ops.lint_findings IS 'Certificates with errors by the Baseline Requirements; should be empty.';
