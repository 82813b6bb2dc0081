"""The styles that can be asked for."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from gateway.api.http import page_files, problem
from gateway.api.public_address import PublicAddress
from gateway.api.style_catalogue import StyleCatalogue


class StyleAnswer(BaseModel):
    """A style."""

    name: str
    title: str
    description: str
    palette: list[str]
    thumbnail_url: str | None = Field(description="Our sample room in this style; null for styles without a picture.")


class StylesAnswer(BaseModel):
    """All styles."""

    success: bool = True
    styles: list[StyleAnswer]


def router(catalogue: StyleCatalogue, address: PublicAddress) -> APIRouter:
    """The endpoint."""
    routes = APIRouter(tags=["transform"])
    thumbnails = page_files.style_thumbnails()

    @routes.get("/styles", summary="The styles that can be asked for", responses=problem.documented(503))
    async def styles(request: Request) -> StylesAnswer:
        """Names for requests, titles and descriptions for people."""
        base = address.base(request)
        return StylesAnswer(
            styles=[
                StyleAnswer(
                    name=style.name,
                    title=style.title,
                    description=style.description,
                    palette=list(style.palette),
                    thumbnail_url=base + thumbnails[style.name] if style.name in thumbnails else None,
                )
                for style in await catalogue.styles()
            ]
        )

    return routes
