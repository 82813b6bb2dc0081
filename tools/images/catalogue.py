"""Every image that the repository has: a repository name for each service, a tag for each engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image, by its Dockerfile and what it is built with."""

    service: str
    """The last part of its repository's name."""

    variant: str = ""
    """The engine, for a service that has several."""

    dockerfile: str
    """From the repository's root."""

    released: bool = True
    """Whether a release publishes it: not where it would ship code under the AGPL (see LICENSE)."""

    @property
    def name(self) -> str:
        """Such as `gateway` or `diffusion-torch`."""
        return f"{self.service}-{self.variant}" if self.variant else self.service

    def reference(self, version: str, registry: str = "") -> str:
        """What a machine pulls, such as `modomo/diffusion:1.2.3-torch`, behind the registry where one is given."""
        tag = f"{version}-{self.variant}" if self.variant else version
        path = f"modomo/{self.service}:{tag}"
        return f"{registry.rstrip('/')}/{path}" if registry else path


def _of(service: str, *variants: str, unreleased: Sequence[str] = ()) -> tuple[Image, ...]:
    dockerfile = f"services/{service}/Dockerfile"
    return tuple(
        Image(service=service, variant=variant, dockerfile=dockerfile, released=variant not in unreleased)
        for variant in variants or ("",)
    )


IMAGES: Final = (
    *_of("gateway"),
    *_of("notifier"),
    *_of("detection", "lite", "torch", "triton", "modal", unreleased=["torch"]),
    *_of("controlmaps", "lite", "torch", "triton", "modal"),
    *_of("diffusion", "lite", "torch", "modal"),
    Image(service="triton", dockerfile="deploy/triton/Dockerfile", released=False),
)


def chosen(names: Sequence[str]) -> tuple[Image, ...]:
    """Images by name, all where there is none; `lite` names all that the lite engines need.

    Raises ValueError naming the first that is not known.
    """
    known = {image.name: image for image in IMAGES}
    light = [image.name for image in IMAGES if image.variant in ("", "lite") and image.released]
    wanted = [one for name in names or known for one in (light if name == "lite" else [name])]
    for name in wanted:
        if name not in known:
            raise ValueError(
                f"there is no image {name!r}; there are lite (all of the lite engines) and {', '.join(known)}"
            )
    return tuple(known[name] for name in dict.fromkeys(wanted))
