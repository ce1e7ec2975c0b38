INSERT INTO reseller.purchase (account_id, kind, cost, currency, days, purchased_at) VALUES
    (md5('reseller euro')::uuid, 'order_sitelock', 10.00, 'EUR', 365, '2026-02-20 09:00+00'),
    (md5('reseller euro')::uuid, 'order_ssl', 20.00, 'EUR', 365, '2026-02-21 09:00+00');

INSERT INTO reseller.ledger_entry (account_id, amount, balance_after, kind, order_number, booked_at)
SELECT account_id, -cost, 0, 'charge', order_number, purchased_at
  FROM reseller.purchase
 WHERE kind IN ('order_sitelock', 'order_ssl')
   AND account_id = md5('reseller euro')::uuid
   AND purchased_at > '2026-02-01 00:00+00'
 ORDER BY order_number;

INSERT INTO ssl."order"
       (cert_id, reseller_id, order_number, name, brand, type, names, months, paid, created_at, updated_at)
SELECT 'scs0000000000015', account_id, order_number, 'certificate 15', 'LOCAL', 'DV_SSL_CERT',
       '{ssl15.example.com}', 12, cost, purchased_at, purchased_at
  FROM reseller.purchase
 WHERE kind = 'order_ssl'
   AND cost = 20.00;

UPDATE ca.revocation
   SET reported_at = '2026-02-20 09:00:01+00'
 WHERE serial = '0a02c8e1b7d6f5a4938271605f4e3d2c';

INSERT INTO notice.notified_refusal (kid, day, reason, name, event_id)
SELECT 'filledGrace', '2026-02-03', 'subscription_expired', subject, id
  FROM audit.event
 WHERE action = 'issuance.refused';

INSERT INTO audit.refusal
       (hour, key, door, request, reason, answer, why, proven, names, times, first_at, last_at) VALUES
    ('2026-03-01 09:00+00', md5('refusal of sitelock')::uuid, 'sitelock', 'AutoApplyOrder', 'bad_request',
     'days is missing', '', true, '{}', 1, '2026-03-01 09:05+00', '2026-03-01 09:05+00');
