"""UNet and ControlNets in OpenVINO, which computes them faster than torch on processors (docs/adr/0019).

`convert` writes them into the store of weights once, `files` finds and checks what it wrote, `compiled` runs it behind
`networks`' Protocols, `backend` decides whether a service takes it. The denoising loop is the same for both.
"""
