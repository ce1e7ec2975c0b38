-- Processes keep the list of servers in memory, and are told when it changes.

CREATE FUNCTION acme.announce_servers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gateway_servers', '');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION acme.announce_servers() IS 'Trigger body: tells every process to read the servers anew.';

CREATE TRIGGER announces AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON acme.server
    FOR EACH STATEMENT EXECUTE FUNCTION acme.announce_servers();
