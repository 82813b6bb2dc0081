"""Making a release: one version everywhere, the changelog, and what is published."""
