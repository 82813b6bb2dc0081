"""Room understanding with nothing to download, on roomnet."""
