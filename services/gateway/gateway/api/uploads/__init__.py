"""From untrusted bytes to a photo that is safe to keep and to work on.

form         a multipart body, counted and bounded while it arrives
preferences  its JSON part
header       what a photo says about itself, judged before decoding
optimise     the photo that is kept
"""
