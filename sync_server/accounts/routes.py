"""Every address of accounts, as one router: the actor of each request is counted, and no answer is kept by a cache."""

from typing import Final

from litestar import Router
from litestar.datastructures import ResponseHeader
from litestar.di import Provide

from sync_server.accounts import routes_auth, routes_people
from sync_server.accounts.bearer import provide_limited_actor

HANDLERS: Final = (
    routes_auth.register,
    routes_auth.login,
    routes_auth.refresh,
    routes_auth.logout,
    routes_auth.look_at_invitation,
    routes_auth.reset_password,
    routes_auth.change_password,
    routes_auth.step_up,
    routes_auth.enrol_factor,
    routes_auth.confirm_factor,
    routes_auth.remove_factor,
    routes_auth.make_recovery_codes,
    routes_auth.jwks,
    routes_people.me,
    routes_people.change_me,
    routes_people.delete_me,
    routes_people.sessions,
    routes_people.end_other_sessions,
    routes_people.end_session,
    routes_people.users,
    routes_people.change_user,
    routes_people.make_reset,
    routes_people.people,
    routes_people.rename_org,
    routes_people.invitations,
    routes_people.invite,
    routes_people.withdraw_invitation,
    routes_people.api_keys,
    routes_people.make_api_key,
    routes_people.end_api_key,
)


def accounts_router() -> Router:
    """The router; the application's state holds the server with its ``accounts`` (``app.state.server.accounts``)."""
    return Router(
        path="/",
        route_handlers=HANDLERS,
        dependencies={"actor": Provide(provide_limited_actor)},
        response_headers=(ResponseHeader(name="Cache-Control", value="no-store"),),
    )
