-- Doors have the names of their subjects, and a new door needs no migration.

ALTER TABLE audit.refusal DROP CONSTRAINT refusal_door_check;
UPDATE audit.refusal
   SET door = CASE door WHEN 'actions' THEN 'reseller'
                        WHEN 'products' THEN 'sitelock'
                        WHEN 'certificates' THEN 'ssl' END
 WHERE door IN ('actions', 'products', 'certificates');
ALTER TABLE audit.refusal ADD CONSTRAINT refusal_door_check CHECK (door ~ '^[a-z]{1,30}$');
COMMENT ON COLUMN audit.refusal.door IS 'acme, reseller (!ACMEAdmin), sitelock (and reports), ssl (/v3/scm), or plain (HTTP without TLS).';
COMMENT ON COLUMN audit.refusal.told IS 'The text that the caller got, with … in place of words of the caller that are no argument or action.';
