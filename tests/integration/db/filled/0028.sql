INSERT INTO operation.second_factor
       (operator_id, reseller_id, encrypted_secret, totp_since, last_step, failures) VALUES
    (md5('operator ann')::uuid, NULL,
     'gAAAAABndIWAAAECAwQFBgcICQoLDA0OD9lHHe25KHHVUW3LvSsqAKcLcAJeSwmiBlu8_B_a91B5fBRTXTj-zEBOseZvS2Had7iNT4JpTgXSgOcBCNEjog_SkMqvhIwUJhj5sg1x-HuL'::bytea,
     '2026-02-01 09:00+00', 59000000, 1),
    (NULL, md5('reseller filled')::uuid, NULL, NULL, 0, 0);

INSERT INTO operation.recovery_code (owner_id, code_hash, used_at) VALUES
    (md5('operator ann')::uuid, sha256('code 1'), NULL),
    (md5('operator ann')::uuid, sha256('code 2'), '2026-02-03 09:00+00'),
    (md5('reseller filled')::uuid, sha256('code 1'), NULL);

INSERT INTO operation.passkey
       (id, owner_id, name, credential_id, public_key, sign_count, added_at, used_at) VALUES
    (md5('passkey 1')::uuid, md5('reseller filled')::uuid, 'Laptop', 'credential 1', 'public key', 7,
     '2026-02-01 09:00+00', '2026-02-04 09:00+00');

INSERT INTO operation.session
       (id, token_hash, operator_id, reseller_id, credential, half_open, opened_at, seen_at, ends_at,
        source, client, kept, proven_at) VALUES
    (md5('session 3')::uuid, sha256('token 3'), md5('operator ann')::uuid, NULL, sha256('hash'), false,
     '2026-03-01 08:00+00', '2026-03-01 11:59+00', '2100-01-01 00:00+00', '192.0.2.20', 'Firefox', NULL,
     '2026-03-01 08:01+00');
