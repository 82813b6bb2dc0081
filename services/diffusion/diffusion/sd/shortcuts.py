"""Work that steps may leave out. Each shortcut changes pictures, so all are off until somebody has chosen them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Shortcuts:
    """What a pass leaves out."""

    conditional_controls: bool = False
    """ControlNets see guidance's conditional half alone and add nothing to the other, as ControlNet's authors do with
    `guess_mode` (Zhang et al. 2023), here without that mode's smaller scales."""

    guidance_end: float = 1.0
    """Share of the steps after which guidance ends, 0–1: late in sampling it costs twice and adds little (Kynkäänniemi
    et al., "Applying Guidance in a Limited Interval", NeurIPS 2024)."""

    deep_cache: int = 1
    """The UNet's deep blocks are computed in every so many steps, see `deep_cache`; 1 is all."""

    def guided(self, step: int, steps: int) -> bool:
        """Whether guidance takes part in a step, counted from 0; the rule of the ControlNets' windows."""
        return (step + 1) / steps <= self.guidance_end

    def whole(self, step: int) -> bool:
        """Whether a step, counted from 0, computes all of the UNet."""
        return step % self.deep_cache == 0


NONE = Shortcuts()
"""Nothing is left out."""
