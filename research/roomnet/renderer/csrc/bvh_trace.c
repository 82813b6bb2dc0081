/* Walks the hierarchy: eight slab tests, then eight triangle tests at once (Moeller and Trumbore, "Fast, Minimum
 * Storage Ray/Triangle Intersection", 1997). */
#include "bvh.h"

#ifdef __AVX__
#include <immintrin.h>
#endif

#define STACK 256

typedef struct { int32_t child; float t; } entry;

typedef struct {
    f8 origin[3], direction[3], inverse[3];
    int negative[3];
} wide_ray;

static inline f8 splat(float x) { return (f8){x, x, x, x, x, x, x, x}; }
static inline f8 choose(i8 mask, f8 a, f8 b) { return (f8)((mask & (i8)a) | (~mask & (i8)b)); }
static inline f8 larger(f8 a, f8 b) { return choose(a > b, a, b); }
static inline f8 smaller(f8 a, f8 b) { return choose(a < b, a, b); }

/* One bit for each true element. */
static inline unsigned bits(i8 mask) {
#ifdef __AVX__
    return (unsigned)_mm256_movemask_ps((__m256)mask);
#else
    unsigned result = 0;
    for (int k = 0; k < 8; ++k) result |= (unsigned)(mask[k] != 0) << k;
    return result;
#endif
}

static inline wide_ray widen(vec origin, vec direction) {
    float o[3] = {origin.x, origin.y, origin.z}, d[3] = {direction.x, direction.y, direction.z};
    wide_ray ray;
    for (int axis = 0; axis < 3; ++axis) {
        float safe = fabsf(d[axis]) < 1e-12f ? copysignf(1e-12f, d[axis]) : d[axis];
        ray.origin[axis] = splat(o[axis]);
        ray.direction[axis] = splat(d[axis]);
        ray.inverse[axis] = splat(1.0f / safe);
        ray.negative[axis] = safe < 0.0f;
    }
    return ray;
}

/* Entry distances of the eight children, and which of them are hit. */
static inline i8 hit_boxes(const bvh_node *node, const wide_ray *ray, float near, float far, f8 *entry_distance) {
    f8 enter = splat(near), leave = splat(far);
    for (int axis = 0; axis < 3; ++axis) {
        f8 first = ray->negative[axis] ? node->high[axis] : node->low[axis];
        f8 second = ray->negative[axis] ? node->low[axis] : node->high[axis];
        enter = larger(enter, (first - ray->origin[axis]) * ray->inverse[axis]);
        leave = smaller(leave, (second - ray->origin[axis]) * ray->inverse[axis]);
    }
    *entry_distance = enter;
    return enter <= leave;
}

/* Distances and barycentric coordinates for the eight triangles, and which of them are hit. */
static inline i8 hit_triangles(const bvh_leaf *leaf, const wide_ray *ray, float near, float far, f8 *t, f8 *u, f8 *v) {
    const f8 *d = ray->direction, *e1 = leaf->edge1, *e2 = leaf->edge2;
    f8 px = d[1] * e2[2] - d[2] * e2[1], py = d[2] * e2[0] - d[0] * e2[2], pz = d[0] * e2[1] - d[1] * e2[0];
    f8 determinant = e1[0] * px + e1[1] * py + e1[2] * pz;
    f8 inverse = splat(1.0f) / choose(determinant == splat(0.0f), splat(1e-30f), determinant);
    f8 sx = ray->origin[0] - leaf->corner[0], sy = ray->origin[1] - leaf->corner[1];
    f8 sz = ray->origin[2] - leaf->corner[2];
    *u = (sx * px + sy * py + sz * pz) * inverse;
    f8 qx = sy * e1[2] - sz * e1[1], qy = sz * e1[0] - sx * e1[2], qz = sx * e1[1] - sy * e1[0];
    *v = (d[0] * qx + d[1] * qy + d[2] * qz) * inverse;
    *t = (e2[0] * qx + e2[1] * qy + e2[2] * qz) * inverse;
    return (determinant != splat(0.0f)) & (*u >= splat(0.0f)) & (*v >= splat(0.0f)) & (*u + *v <= splat(1.0f)) &
           (*t > splat(near)) & (*t < splat(far));
}

int bvh_intersect(const bvh *tree, vec origin, vec direction, float near, float far, bvh_hit *hit) {
    wide_ray ray = widen(origin, direction);
    entry stack[STACK];
    int size = 1;
    stack[0] = (entry){0, near};
    hit->triangle = -1;
    hit->t = far;
    while (size > 0) {
        entry top = stack[--size];
        if (top.t >= hit->t) continue;
        if (top.child < 0) {
            const bvh_leaf *leaf = &tree->leaves[~top.child];
            f8 t, u, v;
            unsigned hits = bits(hit_triangles(leaf, &ray, near, hit->t, &t, &u, &v));
            for (int k; hits; hits &= hits - 1)
                if (k = __builtin_ctz(hits), t[k] < hit->t) *hit = (bvh_hit){t[k], u[k], v[k], leaf->triangle[k]};
            continue;
        }
        const bvh_node *node = &tree->nodes[top.child];
        f8 distance;
        unsigned hits = bits(hit_boxes(node, &ray, near, hit->t, &distance));
        int base = size;
        for (; hits; hits &= hits - 1) {
            int k = __builtin_ctz(hits);
            int place = size++;
            while (place > base && stack[place - 1].t < distance[k]) stack[place] = stack[place - 1], --place;
            stack[place] = (entry){node->child[k], distance[k]};
        }
    }
    return hit->triangle >= 0;
}

float bvh_transmittance(const bvh *tree, vec origin, vec direction, float near, float far, pass_function pass,
                        const void *context) {
    wide_ray ray = widen(origin, direction);
    int32_t stack[STACK];
    int size = 1;
    float share = 1.0f;
    stack[0] = 0;
    while (size > 0) {
        int32_t child = stack[--size];
        if (child < 0) {
            const bvh_leaf *leaf = &tree->leaves[~child];
            f8 t, u, v;
            unsigned hits = bits(hit_triangles(leaf, &ray, near, far, &t, &u, &v));
            for (; hits; hits &= hits - 1) {
                int k = __builtin_ctz(hits);
                if (!leaf->passable[k]) return 0.0f;
                share *= pass(context, leaf->triangle[k]);
            }
            continue;
        }
        const bvh_node *node = &tree->nodes[child];
        f8 distance;
        for (unsigned hits = bits(hit_boxes(node, &ray, near, far, &distance)); hits; hits &= hits - 1)
            stack[size++] = node->child[__builtin_ctz(hits)];
    }
    return share;
}
