"""The styles that can be asked for."""

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.api.http import problem
from gateway.api.style_catalogue import StyleCatalogue


class StyleAnswer(BaseModel):
    """A style."""

    name: str
    title: str
    description: str
    palette: list[str]


class StylesAnswer(BaseModel):
    """All styles."""

    success: bool = True
    styles: list[StyleAnswer]


def router(catalogue: StyleCatalogue) -> APIRouter:
    """The endpoint."""
    routes = APIRouter(tags=["transform"])

    @routes.get("/styles", summary="The styles that can be asked for", responses=problem.documented(503))
    async def styles() -> StylesAnswer:
        """Names for requests, titles and descriptions for people."""
        return StylesAnswer(
            styles=[
                StyleAnswer(
                    name=style.name, title=style.title, description=style.description, palette=list(style.palette)
                )
                for style in await catalogue.styles()
            ]
        )

    return routes
