-- Keys: P-256 with the private values 20250501, 20250502 and 20250503.
INSERT INTO acme.account
       (id, kid, server_id, status, suspended, jwk, thumbprint, key_version, contacts,
        agreed_terms, user_agent, ip_address, last_activity, created_at) VALUES
    ('filledDV', 'filledDV', md5('server DV')::uuid, 'valid', false,
     '{"crv": "P-256", "kty": "EC", "x": "_QCFj339WHsgZ8fw3a7GzrAnbHOt8P2wVzGWnheKeSk", "y": "XKRdDdQWGDSDJBAeNQoY02IiLPPd3h255M36D2rukKQ"}',
     'l3rTawgG81YT5ZgtEQ842zzy0_MSsP-tiqkijxLWhO8', 2, '{mailto:ann@example.com}', '',
     'certbot/4.0', '192.0.2.10', '2026-02-28 08:00:00+00', '2025-05-01 09:00:00+00'),
    ('filledGrace', 'filledGrace', md5('server DV')::uuid, 'valid', false,
     '{"crv": "P-256", "kty": "EC", "x": "q5N3EjvYeok7dtUeLmXtmKJrtZArpIHS1taCsdGKgQY", "y": "yfQKwcyyfyKxEdgVSpoMRFFo3WiepqD0N3oZ3H3Oheg"}',
     'DdcbABIM9VXwwNYdBpDdClgBA4B_hk7i9Y7dVTKBb24', 1, '{}', '', 'lego/4.9', '2001:db8::11',
     '2026-02-02 10:00:00+00', '2025-02-15 09:00:00+00'),
    ('filledBarred', 'filledDV', md5('server DV')::uuid, 'valid', true,
     '{"crv": "P-256", "kty": "EC", "x": "DzMd9hnArsVFzBEPrEnWZvYGlDIzRPBwIrIWoLA56Rw", "y": "VHVp8TGfZp-mwYW-5k45kykYcd-tGdlEbqA_D_MvKjg"}',
     '4KbC1lBzGb_sT62lkmQeVLmrfgNVX8lqnacy9mzPJ88', 1, '{}', NULL, NULL, NULL, NULL, '2025-05-03 09:00:00+00'),
    ('filledGone', 'filledGone', md5('server DV')::uuid, 'deactivated', false, NULL, NULL, 1, '{}',
     NULL, NULL, NULL, NULL, '2025-07-01 09:00:00+00'),
    ('filledOV', 'filledOV', md5('server OV')::uuid, 'pending', false, NULL, NULL, 1, '{}', NULL,
     NULL, NULL, NULL, '2024-09-01 09:00:00+00'),
    ('filledNew', 'filledNew', md5('server DV')::uuid, 'pending', false, NULL, NULL, 1, '{}', NULL,
     NULL, NULL, NULL, '2026-02-01 09:00:00+00');

INSERT INTO acme."order"
       (id, account_id, status, profile, not_before, not_after, expires_at, created_at, csr,
        intent, issuer_state, issue_after, error, replaces)
SELECT md5('order ' || made.status)::uuid, 'filledDV', made.status, 'classic',
       not_before::timestamptz, not_before::timestamptz + interval '90 days',
       created_at::timestamptz + interval '7 days', created_at::timestamptz, csr, intent::jsonb,
       issuer_state::jsonb, issue_after::timestamptz, error::jsonb, replaces
  FROM (VALUES
       ('pending', '2026-02-28 09:00+00', '2026-03-02 00:00+00', NULL::bytea, NULL, NULL, NULL, NULL, NULL),
       ('ready', '2026-02-27 09:00+00', NULL, NULL, NULL, NULL, NULL, NULL, 'AAAA.AQ'),
       ('processing', '2026-02-26 09:00+00', NULL, '\x30', '{"serial": "0a03b7d6f5a49382716c5f4e3d2c1b0a", "not_before": "2026-02-26T08:00:00Z", "not_after": "2026-05-26T08:00:00Z"}',
        '{"url": "https://issuer.example.com/1"}', '2100-01-01 00:00+00', NULL, NULL),
       ('valid', '2026-01-15 09:00+00', NULL, '\x30', '{"serial": "0a01f3c2d47e5b90a6f18c2d3e4b5a69", "not_before": "2026-01-15T09:00:00Z", "not_after": "2026-04-15T09:00:00Z"}',
        NULL, NULL, NULL, NULL),
       ('invalid', '2026-02-20 09:00+00', NULL, NULL, NULL, NULL, NULL,
        '{"type": "urn:ietf:params:acme:error:connection", "detail": "shop.example.com refused the connection."}', NULL))
       AS made (status, created_at, not_before, csr, intent, issuer_state, issue_after, error, replaces);

INSERT INTO acme.authorization
       (id, account_id, name, wildcard, status, expires_at, created_at, caa_checked_at)
SELECT md5('authorization ' || status)::uuid, 'filledDV', name, wildcard, status,
       expires_at::timestamptz, '2026-01-15 09:00+00', caa_checked_at::timestamptz
  FROM (VALUES
       ('pending', 'www.shop.example.com', false, '2026-03-07 09:00+00', NULL),
       ('valid', 'shop.example.com', false, '2026-03-31 09:00+00', '2026-02-26 09:00+00'),
       ('invalid', 'shop.example.com', false, '2026-03-20 09:00+00', NULL),
       ('deactivated', 'app.example.com', true, '2026-03-20 09:00+00', NULL),
       ('expired', 'app.example.com', false, '2026-01-22 09:00+00', NULL),
       ('revoked', 'app.example.com', false, '2026-03-20 09:00+00', NULL))
       AS made (status, name, wildcard, expires_at, caa_checked_at);

INSERT INTO acme.order_identifier (order_id, position, name, authorization_id) VALUES
    (md5('order pending')::uuid, 0, 'shop.example.com', md5('authorization valid')::uuid),
    (md5('order pending')::uuid, 1, 'www.shop.example.com', md5('authorization pending')::uuid),
    (md5('order ready')::uuid, 0, 'shop.example.com', md5('authorization valid')::uuid),
    (md5('order processing')::uuid, 0, 'shop.example.com', md5('authorization valid')::uuid),
    (md5('order valid')::uuid, 0, 'shop.example.com', md5('authorization valid')::uuid),
    (md5('order invalid')::uuid, 0, 'shop.example.com', md5('authorization invalid')::uuid);

INSERT INTO acme.challenge
       (id, authorization_id, type, token, status, attempts, validated_at, error, leased_until) VALUES
    (md5('challenge 1')::uuid, md5('authorization pending')::uuid, 'http-01', 'token1', 'pending', 0, NULL, NULL, NULL),
    (md5('challenge 2')::uuid, md5('authorization pending')::uuid, 'dns-01', 'token1', 'processing', 1, NULL, NULL, '2100-01-01 00:00+00'),
    (md5('challenge 3')::uuid, md5('authorization valid')::uuid, 'http-01', 'token2', 'valid', 1, '2026-01-15 09:00:05+00', NULL, NULL),
    (md5('challenge 4')::uuid, md5('authorization invalid')::uuid, 'tls-alpn-01', 'token3', 'invalid', 3, NULL,
     '{"type": "urn:ietf:params:acme:error:connection", "detail": "shop.example.com refused the connection."}', NULL);

INSERT INTO acme.nonce_epoch (epoch) VALUES (1);
INSERT INTO acme.nonce (nonce) VALUES ('\x0102'), ('\x0103');
