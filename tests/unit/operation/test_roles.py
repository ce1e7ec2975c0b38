"""What each role of operators may do."""

from gateway.rules.operation.roles import MAY, Permission, Role, may


def test_an_admin_may_do_everything() -> None:
    assert MAY[Role.ADMIN] == set(Permission)


def test_support_decides_and_revokes_but_moves_no_money() -> None:
    assert may(Role.SUPPORT, Permission.REVIEW)
    assert may(Role.SUPPORT, Permission.REVOKE)
    for permission in (Permission.MONEY, Permission.PRICES, Permission.OPERATORS):
        assert not may(Role.SUPPORT, permission)


def test_an_auditor_reads_and_changes_nothing() -> None:
    assert MAY[Role.AUDITOR] == {Permission.LOOK, Permission.AUDIT}


def test_every_role_may_look_and_every_role_is_in_the_table() -> None:
    assert set(MAY) == set(Role)
    assert all(may(role, Permission.LOOK) for role in Role)
