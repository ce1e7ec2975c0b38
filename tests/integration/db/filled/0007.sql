INSERT INTO organization.organization
       (id, reseller_id, name, street, locality, state_or_province, postal_code, country,
        applicant_name, applicant_email, applicant_phone, identifiers, created_at, changed_at) VALUES
    (md5('organization 1')::uuid, md5('reseller filled')::uuid, 'Acme Hosting Ltd', '1 High Street',
     'London', 'Greater London', 'N1', 'GB', 'Ann', 'ann@example.com', '+44 20 7946 0000',
     '{"registration_number": "01234567"}', '2024-08-01 09:00:00+00', '2025-08-01 09:00:00+00'),
    (md5('organization 2')::uuid, md5('reseller euro')::uuid, 'Andere SARL', '', 'Lyon', '', '',
     'FR', '', '', '', '{}', '2025-08-01 09:00:00+00', '2025-08-01 09:00:00+00');

CREATE TEMPORARY TABLE validated (
    position integer, name text, type text, state text, requested_at timestamptz,
    expires_at timestamptz, previous text, number bigint
) ON COMMIT DROP;
INSERT INTO validated VALUES
    (1, 'replaced', 'OV', 'superseded', '2024-08-01 09:00+00', '2025-08-31 23:59:59+00', NULL),
    (2, 'valid', 'OV', 'valid', '2025-08-15 09:00+00', '2026-08-31 23:59:59+00', 'replaced'),
    (3, 'ev', 'EV', 'valid', '2025-08-15 09:00+00', '2026-08-31 23:59:59+00', NULL),
    (4, 'expired', 'OV+SMIME', 'expired', '2024-08-15 09:00+00', '2025-08-14 23:59:59+00', NULL),
    (5, 'requested', 'OV', 'requested', '2026-02-28 09:00+00', NULL, NULL),
    (6, 'looked at', 'OV', 'in_validation', '2026-02-20 09:00+00', NULL, NULL),
    (7, 'refused', 'OV', 'rejected', '2026-01-20 09:00+00', NULL, NULL);
UPDATE validated
   SET number = nextval(pg_get_serial_sequence('organization.prevalidation', 'number'));

INSERT INTO organization.prevalidation
       (number, organization_id, reseller_id, type, state, details, requested_at, valid_from,
        expires_at, previous_number, evidence)
SELECT validated.number, organization.id, organization.reseller_id, validated.type, validated.state,
       jsonb_build_object(
           'name', organization.name, 'street', street, 'locality', locality,
           'state_or_province', state_or_province, 'postal_code', postal_code, 'country', country,
           'applicant_name', applicant_name, 'applicant_email', applicant_email,
           'applicant_phone', applicant_phone, 'identifiers', identifiers),
       validated.requested_at,
       CASE WHEN validated.expires_at IS NOT NULL THEN validated.requested_at + interval '1 day' END,
       validated.expires_at,
       (SELECT earlier.number FROM validated earlier WHERE earlier.name = validated.previous),
       CASE WHEN validated.expires_at IS NOT NULL THEN 'ticket 17' ELSE '' END
  FROM validated
  JOIN organization.organization ON organization.id = md5('organization 1')::uuid
 ORDER BY validated.position;

INSERT INTO organization.prevalidation_domain (number, name)
SELECT number, covered.name
  FROM validated
 CROSS JOIN (VALUES ('example.net'), ('example.com')) AS covered (name);

UPDATE subscription.domain
   SET ov_anchor = (SELECT number FROM validated WHERE validated.name = 'valid'),
       ev_anchor = (SELECT number FROM validated WHERE validated.name = 'ev')
 WHERE domain.name = 'ov.example.net';
