"""Keeps rights on tables, views and functions that a migration makes anew under the same name.

PostgreSQL drops the rights with the object; operators who granted them need not do it again.
"""

from dataclasses import dataclass

from gateway.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Grants:
    """Objects by name, each with its identity, and the statements that grant the same rights."""

    objects: dict[str, int]
    statements: list[tuple[str, str]]


async def read(connection: Connection) -> Grants:
    """Reads what is granted on everything outside PostgreSQL's own schemas."""
    rows = await connection.fetch(
        """
        WITH relation AS (
            SELECT class.oid, class.relowner AS owner, class.relacl AS acl,
                   CASE class.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
                   format('%I.%I', namespace.nspname, class.relname) AS name
              FROM pg_class class
              JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
             WHERE class.relkind IN ('r', 'v', 'm', 'p', 'S')
               AND namespace.nspname !~ '^pg_'
               AND namespace.nspname <> 'information_schema'
        ), object AS (
            SELECT oid, owner, acl, kind, name, '' AS columns
              FROM relation
             UNION ALL
            SELECT relation.oid, relation.owner, attribute.attacl, kind, name,
                   format(' (%I)', attribute.attname)
              FROM relation
              JOIN pg_attribute attribute ON attribute.attrelid = relation.oid
             WHERE attribute.attnum > 0
               AND NOT attribute.attisdropped
             UNION ALL
            SELECT routine.oid, routine.proowner, routine.proacl, 'ROUTINE',
                   format('%I.%I(%s)', namespace.nspname, routine.proname,
                          pg_get_function_identity_arguments(routine.oid)), ''
              FROM pg_proc routine
              JOIN pg_namespace namespace ON namespace.oid = routine.pronamespace
             WHERE namespace.nspname !~ '^pg_'
               AND namespace.nspname <> 'information_schema'
        )
        SELECT object.name || object.columns AS name, object.oid::bigint AS identity,
               format('GRANT %s%s ON %s %s TO %s%s', granted.privilege_type, object.columns,
                      object.kind, object.name,
                      CASE granted.grantee WHEN 0 THEN 'PUBLIC'
                                           ELSE quote_ident(pg_get_userbyid(granted.grantee)) END,
                      CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
               AS statement,
               granted.grantee IS NOT NULL AND granted.grantee <> object.owner AS counts
          FROM object
          LEFT JOIN LATERAL aclexplode(object.acl) AS granted ON true
        """
    )
    return Grants(
        {row["name"]: row["identity"] for row in rows},
        [(row["name"], row["statement"]) for row in rows if row["counts"]],
    )


async def restore(connection: Connection, before: Grants) -> None:
    """Grants again what was granted on objects that were made anew since `before`."""
    now = (await read(connection)).objects
    for name, statement in before.statements:
        if name in now and now[name] != before.objects[name]:
            await connection.execute(statement)
