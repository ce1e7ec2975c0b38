INSERT INTO ca.issuer (id, name, certificate, chain, created_at) VALUES
    (md5('issuer')::uuid, 'former', '\x3003020101', '{"\\x3003020102"}', '2024-01-01 00:00:00+00');

INSERT INTO ca.alternate_chain (issuer_id, number, certificates, added_at) VALUES
    (md5('issuer')::uuid, 1, '{"\\x3003020103","\\x3003020104"}', '2025-01-01 00:00:00+00');

INSERT INTO ca.certificate
       (serial, issuer_id, order_id, account_id, names, not_before, not_after, key_hash, der,
        issued_at, withheld) VALUES
    ('0a01', md5('issuer')::uuid, md5('order valid')::uuid, 'filledDV', '{shop.example.com}',
     '2026-01-15 09:00:00+00', '2026-04-15 09:00:00+00', sha256('key 1'), '\x3003020105', '2026-01-15 10:00:00+00', false),
    ('0a02', md5('issuer')::uuid, NULL, 'filledGrace', '{grace.example.com}',
     '2026-01-10 09:00:00+00', '2026-04-10 09:00:00+00', sha256('key 2'), '\x3003020106', '2026-01-10 10:00:00+00', true),
    ('0a04', md5('issuer')::uuid, NULL, NULL, '{ssl.example.com}',
     '2025-12-01 09:00:00+00', '2026-12-01 08:59:59+00', sha256('key 4'), '\x3003020108', '2025-12-01 10:00:00+00', false),
    ('0a05', md5('issuer')::uuid, NULL, NULL, '{revoked.example.com}',
     '2025-12-02 09:00:00+00', '2026-12-02 08:59:59+00', sha256('key 5'), '\x3003020109', '2025-12-02 10:00:00+00', false);

INSERT INTO ca.revocation (serial, revoked_at, reason, crl_number, partition, partition_number, told_at) VALUES
    ('0a05', '2026-01-20 09:00:00+00', 1, 7, 0, 3, '2026-01-20 09:00:01+00'),
    ('0a02', '2026-02-20 09:00:00+00', 0, NULL, NULL, NULL, NULL);

INSERT INTO ca.crl (issuer_id, partition, number, der, this_update, next_update) VALUES
    (md5('issuer')::uuid, 0, 7, '\x300302010a', '2026-01-20 09:00:01+00', '2026-01-27 09:00:01+00'),
    (md5('issuer')::uuid, 1, 3, '\x300302010b', '2026-01-20 09:00:01+00', '2026-01-27 09:00:01+00');

INSERT INTO ca.lint_finding (serial, findings, refused, found_at) VALUES
    ('0a01', '{cabf.leaf_validity_longer_than_398_days}', false, '2026-01-15 10:00:00+00'),
    ('0a06', '{cabf.no_san}', true, '2026-01-16 10:00:00+00');
