"""The torch engines as an app on Modal: `modal deploy -m deploy.modal.app` from the repository's root."""
