/* Feature-guided denoising: an edge-avoiding a-trous wavelet filter (Dammertz et al., HPG 2010) whose range weight
 * follows the noise that was measured (Schied et al., "Spatiotemporal Variance-Guided Filtering", HPG 2017). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vec.h"

#define LONELY 2.0f /* sum of weights, in units of the pixel's own, below which it is taken to stand alone */

#define LAYERS 4
#define LONE_STEPS 2 /* tap distance up to which it then takes whatever is near */

typedef struct {
    int width, height, reach;
    const float *normal, *albedo, *nearness; /* nearness: one over depth */
    const int32_t *part;
} guides;

typedef struct {
    float *light, *variance, *light_next, *variance_next;
    float strength;
} layer;

/* Weights of a row of taps from its middle outwards, by how far the row reaches. */
static const float KERNEL[3][3] = {{1.0f, 0.0f, 0.0f}, {0.5f, 0.25f, 0.0f}, {0.375f, 0.25f, 0.0625f}};

/* 3x3 binomial mean of the variance, so that its own noise does not steer the filter. */
static float steady_variance(const float *variance, int width, int height, int x, int y) {
    float sum = 0.0f, weight = 0.0f;
    for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx) {
            int qx = x + dx, qy = y + dy;
            if (qx < 0 || qy < 0 || qx >= width || qy >= height) continue;
            float w = (dx ? 1.0f : 2.0f) * (dy ? 1.0f : 2.0f);
            sum += w * variance[(int64_t)qy * width + qx];
            weight += w;
        }
    return sum / weight;
}

/* Mean of the measured variance over 7x7 pixels of the same part: few samples measure it badly, and where none of them
 * met the light they do not see any. */
static void pool_variance(int width, int height, const float *variance, const int32_t *part, float *pooled, int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            int64_t p = (int64_t)y * width + x;
            float sum = 0.0f, count = 0.0f;
            for (int qy = y < 3 ? 0 : y - 3; qy <= y + 3 && qy < height; ++qy)
                for (int qx = x < 3 ? 0 : x - 3; qx <= x + 3 && qx < width; ++qx) {
                    int64_t q = (int64_t)qy * width + qx;
                    if (part[q] != part[p]) continue;
                    sum += variance[q];
                    count += 1.0f;
                }
            pooled[p] = maxf(sum / count, variance[p]);
        }
}

/* The smaller of the two one-sided differences: the one that does not reach across an edge. */
static float steady_slope(float before, float here, float after) {
    float back = here - before, ahead = after - here;
    return fabsf(back) < fabsf(ahead) ? back : ahead;
}

/* exp(-x) for x >= 0, near enough. */
static inline float decay(float x) {
    float base = maxf(1.0f - 0.125f * x, 0.0f), square = base * base, fourth = square * square;
    return fourth * fourth;
}

/* Weight of the guides alone: 1 on the same plane of the same part. `expected` is one over depth if q is on p's plane. */
static inline float likeness(const guides *g, int64_t p, int64_t q, float expected, float off_plane) {
    float facing = maxf(dot(load(g->normal + 3 * p), load(g->normal + 3 * q)), 0.0f);
    facing *= facing, facing *= facing, facing *= facing, facing *= facing;
    vec change = sub(load(g->albedo + 3 * q), load(g->albedo + 3 * p));
    float away = fabsf(g->nearness[q] - expected) / off_plane;
    return facing * decay(away + 6.0f * dot(change, change) + (g->part[p] == g->part[q] ? 0.0f : 1.0f));
}

/* Filters one pixel of every layer with taps `step` pixels apart. */
static void filter_pixel(const guides *g, const layer *layers, int count, int x, int y, int step) {
    int width = g->width, height = g->height;
    int64_t p = (int64_t)y * width + x;
    const float *near = g->nearness;
    /* on a plane, one over depth is linear in the picture */
    float slope_x = x > 0 && x < width - 1 ? steady_slope(near[p - 1], near[p], near[p + 1]) : 0.0f;
    float slope_y = y > 0 && y < height - 1 ? steady_slope(near[p - width], near[p], near[p + width]) : 0.0f;
    float off_plane = 0.02f * near[p] + 1e-4f, tolerance[LAYERS], bright[LAYERS], total[LAYERS] = {0}, spread[LAYERS] = {0};
    float lone_total[LAYERS] = {0}, lone_spread[LAYERS] = {0};
    vec sum[LAYERS] = {{0}}, lone_sum[LAYERS] = {{0}};
    for (int k = 0; k < count; ++k) {
        bright[k] = luminance(load(layers[k].light + 3 * p));
        float noise = steady_variance(layers[k].variance, width, height, x, y);
        tolerance[k] = 1.0f / (layers[k].strength * sqrtf(maxf(noise, 0.0f)) + 1e-4f);
    }
    int reach = g->reach;
    const float *row = KERNEL[reach];
    for (int dy = -reach; dy <= reach; ++dy)
        for (int dx = -reach; dx <= reach; ++dx) {
            int qx = x + dx * step, qy = y + dy * step;
            if (qx < 0 || qy < 0 || qx >= width || qy >= height) continue;
            int64_t q = (int64_t)qy * width + qx;
            float kernel = row[abs(dx)] * row[abs(dy)];
            float expected = near[p] + (slope_x * (float)dx + slope_y * (float)dy) * (float)step;
            float guided = q == p ? 1.0f : likeness(g, p, q, expected, off_plane);
            if (guided < 1e-3f && step > LONE_STEPS) continue;
            for (int k = 0; k < count; ++k) {
                vec light = load(layers[k].light + 3 * q);
                float range = decay(fabsf(luminance(light) - bright[k]) * tolerance[k]);
                float w = kernel * guided * range, lone = kernel * range;
                sum[k] = add(sum[k], scale(light, w));
                spread[k] += w * w * layers[k].variance[q];
                total[k] += w;
                if (step > LONE_STEPS) continue;
                lone_sum[k] = add(lone_sum[k], scale(light, lone));
                lone_spread[k] += lone * lone * layers[k].variance[q];
                lone_total[k] += lone;
            }
        }
    for (int k = 0; k < count; ++k) {
        float own = row[0] * row[0];
        if (step <= LONE_STEPS && total[k] < LONELY * own) { /* a thin edge has no neighbours of its kind: any will do */
            float trust = (total[k] / own - 1.0f) / (LONELY - 1.0f);
            sum[k] = mix(lone_sum[k], sum[k], trust);
            spread[k] = mixf(lone_spread[k], spread[k], trust);
            total[k] = mixf(lone_total[k], total[k], trust);
        }
        float *to = layers[k].light_next + 3 * p;
        to[0] = sum[k].x / total[k], to[1] = sum[k].y / total[k], to[2] = sum[k].z / total[k];
        layers[k].variance_next[p] = spread[k] / (total[k] * total[k]);
    }
}

static void swap(float **a, float **b) {
    float *kept = *a;
    *a = *b;
    *b = kept;
}

/* Filters the means of `count` layers of light (3 a pixel) in place; each has the variance of its luminance's mean and
 * a strength, the deviations of noise that are taken for equal. Each pass takes (2 reach + 1)^2 taps, reach 1 or 2. */
void denoise(int width, int height, int passes, int reach, int count, float **lights, float **variances, const float *strengths,
             const float *normal, const float *depth, const float *albedo, const int32_t *part, int threads) {
    if (passes == 0) return;
    size_t pixels = (size_t)width * (size_t)height;
    float *nearness = malloc(pixels * sizeof(float));
    guides g = {width, height, reach, normal, albedo, nearness, part};
    layer layers[LAYERS];
    for (size_t p = 0; p < pixels; ++p) nearness[p] = 1.0f / maxf(depth[p], 1e-3f);
    for (int k = 0; k < count; ++k) {
        layers[k] = (layer){malloc(3 * pixels * sizeof(float)), malloc(pixels * sizeof(float)), malloc(3 * pixels * sizeof(float)),
                            malloc(pixels * sizeof(float)), strengths[k]};
        memcpy(layers[k].light, lights[k], 3 * pixels * sizeof(float));
        pool_variance(width, height, variances[k], part, layers[k].variance, threads);
    }
    for (int pass = 0; pass < passes; ++pass) {
#pragma omp parallel for schedule(dynamic, 8) num_threads(threads)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) filter_pixel(&g, layers, count, x, y, 1 << pass);
        for (int k = 0; k < count; ++k) {
            swap(&layers[k].light, &layers[k].light_next);
            swap(&layers[k].variance, &layers[k].variance_next);
        }
    }
    for (int k = 0; k < count; ++k) {
        memcpy(lights[k], layers[k].light, 3 * pixels * sizeof(float));
        free(layers[k].light), free(layers[k].variance), free(layers[k].light_next), free(layers[k].variance_next);
    }
    free(nearness);
}
