"""What the models cost on a GPU: seconds, memory and operations, beside the stock pipelines of diffusers."""
