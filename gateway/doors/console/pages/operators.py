"""Who works at the console for the operator of the gateway: list, add, suspend, change roles."""

from aiohttp import web

from gateway.doors.console import access
from gateway.doors.console.forms import FilledForm, FormField, PageForm, Values
from gateway.doors.console.kinds import new_password
from gateway.doors.console.page import Done, PageRequest
from gateway.doors.console.routes import BASE, NavigationEntry, PageGroup, PageRoute
from gateway.errors import NotFound, OperatorMistake
from gateway.rules.operation.roles import MAY, Permission, Role
from gateway.usecases.operation.factor_reset import reset_of_operator
from gateway.usecases.operation.operators import (
    OperatorChanges,
    OperatorRow,
    add_operator,
    list_operators,
    set_operator,
)
from gateway.usecases.work import Work
from gateway.web.forms import choice, text

_OPERATORS = f"{BASE}/operators"
_MANAGE = access.operators(Permission.OPERATORS)

_ROLE = FormField(
    "role",
    "Role",
    choice(*map(str, Role)),
    control="select",
    options=[(str(each), str(each)) for each in Role],
)
ADD = PageForm(
    "add-operator",
    (
        FormField("name", "Name", text(64), hint="What they sign in with."),
        _ROLE,
        new_password(),
    ),
)
SET_ROLE = PageForm("set-role", (_ROLE,))
SUSPEND = PageForm("suspend-operator")
REINSTATE = PageForm("reinstate-operator")
RESET_FACTOR = PageForm("reset-factor")


async def show(page: PageRequest, refused: FilledForm | None = None) -> web.Response:
    """All operators, what each role may do, and the form that adds one."""
    async with page.open_reading() as work:
        found = await list_operators(work)
    form = page.form(ADD, f"{_OPERATORS}/add")
    trouble = ""
    if refused is not None:
        form, trouble = (refused, "") if refused.form is ADD else (form, refused.trouble)
    others = [each for each in found if each.name != page.session.name]
    return page.render(
        "operators.html",
        found=found,
        form=form,
        trouble=trouble,
        roles={each.id: _role_form(page, each) for each in others},
        buttons={each.id: _status_form(page, each) for each in others},
        resets={each.id: _reset_form(page, each) for each in others if each.has_factor},
        may=[(str(role), sorted(map(str, MAY[role]))) for role in Role],
    )


async def add(page: PageRequest) -> web.Response:
    """Adds an operator."""

    async def carry_out(work: Work, values: Values) -> Done:
        name = values["name"]
        await add_operator(work, name=name, role=values["role"], password=values["password"])
        return Done(_OPERATORS, f"{name} may sign in now.")

    return await page.submit(ADD, carry_out, show)


async def set_role(page: PageRequest) -> web.Response:
    """Gives an operator another role, from their next page on."""

    async def carry_out(work: Work, values: Values) -> Done:
        name = await _other(page, work)
        await set_operator(work, name, OperatorChanges(role=values["role"]))
        return Done(_OPERATORS, f"{name} is {values['role']} now.")

    return await page.submit(SET_ROLE, carry_out, show)


async def suspend(page: PageRequest) -> web.Response:
    """Suspends an operator and signs them out everywhere."""

    async def carry_out(work: Work, _: Values) -> Done:
        name = await _other(page, work)
        await set_operator(work, name, OperatorChanges(status="suspended"))
        return Done(_OPERATORS, f"{name} is suspended, and signed out everywhere.")

    return await page.submit(SUSPEND, carry_out, show)


async def reinstate(page: PageRequest) -> web.Response:
    """Lets an operator sign in again."""

    async def carry_out(work: Work, _: Values) -> Done:
        name = await _other(page, work)
        await set_operator(work, name, OperatorChanges(status="active"))
        return Done(_OPERATORS, f"{name} may sign in again.")

    return await page.submit(REINSTATE, carry_out, show)


async def reset_factor(page: PageRequest) -> web.Response:
    """Removes the second factor of an operator who has lost it, and signs them out everywhere."""

    async def carry_out(work: Work, _: Values) -> Done:
        name = await _other(page, work)
        await reset_of_operator(work, name)
        return Done(_OPERATORS, f"{name} has no second factor now, and is signed out everywhere.")

    return await page.submit(RESET_FACTOR, carry_out, show)


def _role_form(page: PageRequest, operator: OperatorRow) -> FilledForm:
    path = f"{_OPERATORS}/{operator.id}/role"
    return page.form(SET_ROLE, path, {"role": operator.role}, key=operator.id.hex)


def _status_form(page: PageRequest, operator: OperatorRow) -> FilledForm:
    form, verb = (SUSPEND, "suspend") if operator.status == "active" else (REINSTATE, "reinstate")
    return page.form(form, f"{_OPERATORS}/{operator.id}/{verb}", key=operator.id.hex)


def _reset_form(page: PageRequest, operator: OperatorRow) -> FilledForm:
    path = f"{_OPERATORS}/{operator.id}/reset-factor"
    return page.form(RESET_FACTOR, path, key=operator.id.hex)


async def _other(page: PageRequest, work: Work) -> str:
    """The name of the operator in the path; raises NotFound.

    Raises OperatorMistake for the person who asks: somebody must stay who can undo it.
    """
    for each in await list_operators(work):
        if str(each.id) == page.part("other_operator"):
            if each.id == page.session.owner_id:
                raise OperatorMistake(
                    "nobody changes their own role, suspends themselves or resets their own factor"
                )
            return each.name
    raise NotFound


_ONE = "/operators/{other_operator}"

GROUP = PageGroup(
    (
        PageRoute("GET", "/operators", _MANAGE, show),
        PageRoute("POST", "/operators/add", _MANAGE, add),
        PageRoute("POST", f"{_ONE}/role", _MANAGE, set_role),
        PageRoute("POST", f"{_ONE}/suspend", _MANAGE, suspend),
        PageRoute("POST", f"{_ONE}/reinstate", _MANAGE, reinstate),
        PageRoute("POST", f"{_ONE}/reset-factor", _MANAGE, reset_factor),
    ),
    (NavigationEntry("Operators", "/operators", _MANAGE),),
)
