"""The same job on programs that others would take: cog, Jina, a plain FastAPI app."""
