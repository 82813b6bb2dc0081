"""Unknown query parameters are refused by name, and not ignored: with a typo another thing would happen than meant."""

from collections.abc import Collection

from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection

from servicekit.errors import InvalidArgument

_MAX_NAME = 64
_MAX_NAMED = 5


def validate(given: QueryParams, known: Collection[str]) -> None:
    """Raises InvalidArgument that names what is given and not known."""
    unknown = [ascii(name[:_MAX_NAME])[1:-1] for name in given if name not in known]
    if unknown:
        names = ", ".join(f"'{name}'" for name in unknown[:_MAX_NAMED])
        raise InvalidArgument("UNKNOWN_FIELD", f"There is no query parameter {names} here.", field=unknown[0])


async def only_known(connection: HTTPConnection) -> None:
    """A dependency of every HTTP route: its handler's own query parameters are the known ones."""
    route = connection.scope.get("route")
    if connection.query_params and isinstance(route, APIRoute):
        validate(connection.query_params, {parameter.alias for parameter in route.dependant.query_params})
