"""Stable Diffusion 1.5 with ControlNets: our own denoising loop over diffusers' models and schedulers."""
