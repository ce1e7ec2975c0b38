-- Names that are bought and refunded again and again (R22), and who does it.

CREATE INDEX licence_domain ON product.licence (domain_name);

COMMENT ON COLUMN subscription.subscription.superseded_at IS 'When a new subscription replaced this one: after its grace period, or in it when it had no names any more.';

CREATE VIEW ops.refund_carousels AS
WITH refunds AS (
    SELECT purchase.account_id, 'acme' AS family, domain.name, purchase.currency,
           purchase.purchased_at AS bought_at, purchase.refunded_at, purchase.refunded,
           (SELECT count(*)
              FROM acme.order_identifier identifier
              JOIN ca.certificate ON certificate.order_id = identifier.order_id
              JOIN acme.account acme_account ON acme_account.id = certificate.account_id
             WHERE identifier.name = domain.name
               AND acme_account.kid = subscription.kid
               AND certificate.issued_at BETWEEN domain.added_at AND domain.removed_at) AS certificates
      FROM reseller.purchase
      JOIN subscription.domain
        ON domain.order_number = purchase.order_number
       AND domain.free_because IS NULL
      JOIN subscription.subscription ON subscription.id = domain.subscription_id
     WHERE purchase.refunded > 0
     UNION ALL
    SELECT licence.reseller_id, 'sitelock', licence.domain_name, min(purchase.currency),
           min(purchase.purchased_at), max(purchase.refunded_at), sum(purchase.refunded), 0
      FROM product.licence
      JOIN reseller.purchase
        ON purchase.refunded > 0
       AND purchase.order_number IN (SELECT line.order_number
                                       FROM product.order_line line
                                      WHERE line.licence_id = licence.id)
     GROUP BY licence.id
     UNION ALL
    SELECT placed.reseller_id, 'ssl', array_to_string(placed.names, ' '), purchase.currency,
           purchase.purchased_at, purchase.refunded_at, purchase.refunded,
           (SELECT count(*)
              FROM ssl.issued
             WHERE issued.cert_id = placed.cert_id)
      FROM ssl.certificate_order placed
      JOIN reseller.purchase ON purchase.order_number = placed.order_number
     WHERE purchase.refunded > 0
)
SELECT account.login AS reseller,
       refunds.family,
       refunds.name,
       count(*) AS times_refunded,
       min(refunds.bought_at) AS first_bought_at,
       max(refunds.refunded_at) AS last_refunded_at,
       sum(refunds.refunded) AS given_back,
       refunds.currency,
       sum(refunds.certificates) AS certificates
  FROM refunds
  JOIN reseller.account ON account.id = refunds.account_id
 GROUP BY account.login, refunds.family, refunds.name, refunds.currency
HAVING count(*) > 1
 ORDER BY times_refunded DESC, given_back DESC, reseller, refunds.family, refunds.name;
COMMENT ON VIEW ops.refund_carousels IS 'Names that one reseller bought and was refunded more than once; the setting refund.once_per_name_days ends that for names of subscriptions and for SiteLock licences.';
COMMENT ON COLUMN ops.refund_carousels.reseller IS 'Login; all its accounts, credentials and subscriptions together.';
COMMENT ON COLUMN ops.refund_carousels.family IS 'acme = names of subscriptions, sitelock = licences, ssl = certificate orders (refunded after a review only).';
COMMENT ON COLUMN ops.refund_carousels.name IS 'A wildcard and its base are two names; for ssl all names of the order.';
COMMENT ON COLUMN ops.refund_carousels.times_refunded IS 'How often it was paid back.';
COMMENT ON COLUMN ops.refund_carousels.first_bought_at IS 'The first purchase that was refunded: with last_refunded_at the period of all this.';
COMMENT ON COLUMN ops.refund_carousels.last_refunded_at IS 'The last time money went back.';
COMMENT ON COLUMN ops.refund_carousels.given_back IS 'Sum of the refunds.';
COMMENT ON COLUMN ops.refund_carousels.currency IS 'Of the purchases.';
COMMENT ON COLUMN ops.refund_carousels.certificates IS 'Issued for the name while it was listed and not yet refunded.';
