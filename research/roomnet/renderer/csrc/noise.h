/* Value noise and its fractal sum (Perlin, "An Image Synthesizer", SIGGRAPH 1985), in the plane. */
#ifndef NOISE_H
#define NOISE_H

#include "rng.h"
#include "vec.h"

/* 0..1, the same for the same cell and seed. */
static inline float cell_random(int x, int y, uint32_t seed) {
    return unit_float(hash32((uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ seed * 0xcb1ab31fu));
}

/* 0..1, smooth, one feature a unit. */
static inline float noise(float x, float y, uint32_t seed) {
    float fx = floorf(x), fy = floorf(y);
    int ix = (int)fx, iy = (int)fy;
    float tx = x - fx, ty = y - fy;
    tx = tx * tx * (3.0f - 2.0f * tx);
    ty = ty * ty * (3.0f - 2.0f * ty);
    float low = mixf(cell_random(ix, iy, seed), cell_random(ix + 1, iy, seed), tx);
    float high = mixf(cell_random(ix, iy + 1, seed), cell_random(ix + 1, iy + 1, seed), tx);
    return mixf(low, high, ty);
}

/* 0..1, mean a half; each octave has twice the frequency and half the weight. */
static inline float fractal(float x, float y, int octaves, uint32_t seed) {
    float sum = 0.0f, weight = 0.5f, total = 0.0f;
    for (int octave = 0; octave < octaves; ++octave) {
        sum += weight * noise(x, y, seed + (uint32_t)octave);
        total += weight;
        weight *= 0.5f;
        float turned = 1.6f * x - 1.2f * y; /* rotated by 37 degrees, so that lattices do not line up */
        y = 1.2f * x + 1.6f * y;
        x = turned;
    }
    return sum / total;
}

#endif
