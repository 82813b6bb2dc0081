"""An app on Modal, from both sides."""
