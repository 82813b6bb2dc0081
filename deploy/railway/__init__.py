"""Everything but the GPU's work in one container of 512 MB: `python -m deploy.railway`."""
