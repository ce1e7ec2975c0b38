-- It is noon of 1 March 2026 in all of these files, so that what is current, in grace or over stays so.

INSERT INTO sandbox.clock (stands_at) VALUES ('2026-03-01 12:00:00+00');

INSERT INTO audit.event (at, actor, action, subject, before, after, source) VALUES
    ('2025-01-02 08:00:00+00', 'operator:ann', 'reseller.added', 'filled', NULL,
     '{"login": "filled", "currency": "USD"}', NULL),
    ('2025-01-02 08:05:00+00', 'operator:ann', 'reseller.changed', 'filled',
     '{"status": "active", "credit_limit": "0.00"}', '{"status": "active", "credit_limit": "500.00"}', NULL),
    ('2025-05-01 09:00:00+00', 'reseller:filled', 'domain.added', 'shop.example.com', NULL,
     '{"kid": "filledDV", "cost": "365.00"}', '192.0.2.10'),
    ('2026-01-15 10:00:00+00', 'acme:filledDV', 'certificate.issued', '0a01f3c2d47e5b90a6f18c2d3e4b5a69', NULL,
     '{"names": ["shop.example.com"]}', '2001:db8::10'),
    ('2026-02-01 00:00:01+00', 'job:subscription-milestone', 'subscription.expired', 'filledGrace', NULL, NULL, NULL),
    ('2026-02-02 10:00:00+00', 'acme:filledGrace', 'issuance.refused', 'grace.example.com', NULL,
     '{"reason": "subscription_expired"}', '192.0.2.11');
