"""What single surfaces can be made of, with a look at each."""

from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from gateway.api.http import problem
from gateway.api.public_address import PublicAddress
from gateway.api.style_catalogue import StyleCatalogue
from servicekit.errors import NotFound
from servicekit.types.surfaces import SurfaceName

_SECONDS: Final = 3_600


class MaterialAnswer(BaseModel):
    """A material."""

    name: str = Field(description="For `preferences.surfaces`.")
    title: str = Field(description="For people.")
    surfaces: list[SurfaceName] = Field(description="Those that it suits.")
    color: str = Field(description="Its mean colour, `#RRGGBB`.")
    thumbnail_url: str = Field(description="A piece of it, seen from the front: a small square WebP.")


class MaterialsAnswer(BaseModel):
    """All materials; none where the engine cannot repaint single surfaces."""

    success: bool = True
    materials: list[MaterialAnswer]


def router(catalogue: StyleCatalogue, address: PublicAddress) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(tags=["transform"])

    @routes.get("/materials", summary="What surfaces can be made of", responses=problem.documented(503))
    async def materials(request: Request) -> MaterialsAnswer:
        """Names for `preferences.surfaces`, which takes any colour as well."""
        base = address.base(request)
        known = {name.value for name in SurfaceName}
        return MaterialsAnswer(
            materials=[
                MaterialAnswer(
                    name=one.name,
                    title=one.title,
                    surfaces=[SurfaceName(surface) for surface in one.surfaces if surface in known],
                    color=one.color,
                    thumbnail_url=f"{base}/materials/{one.name}.webp",
                )
                for one in await catalogue.materials()
            ]
        )

    @routes.get(
        "/materials/{name}.webp",
        summary="A look at a material",
        response_class=Response,
        responses={200: {"description": "The picture.", "content": {"image/webp": {}}}, **problem.documented(404, 503)},
    )
    async def thumbnail(name: str) -> Response:
        """A small square picture."""
        for one in await catalogue.materials():
            if one.name == name:
                headers = {"Cache-Control": f"public, max-age={_SECONDS}"}
                return Response(one.thumbnail, media_type="image/webp", headers=headers)
        raise NotFound("NOT_FOUND", f"There is no material {name[:40]!r}.", metadata={"field": "name"})

    return routes
