"""How well rooms are understood, on real photos with ground truth; `MODOMO_ROOMS` says where they are."""
