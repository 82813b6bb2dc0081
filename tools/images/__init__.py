"""The container images: what there is, how they are built, what they hold, what they weigh."""
