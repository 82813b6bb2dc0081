/* A bounding volume hierarchy with eight children a node and eight triangles a leaf, for eight-wide vector units. */
#ifndef BVH_H
#define BVH_H

#include <stdint.h>

#include "vec.h"

typedef float f8 __attribute__((vector_size(32)));
typedef int32_t i8 __attribute__((vector_size(32)));

typedef struct {
    f8 low[3], high[3];
    int32_t child[8]; /* a node's index, or ~index of a leaf */
} bvh_node;

typedef struct {
    f8 corner[3], edge1[3], edge2[3];
    int32_t triangle[8]; /* -1: unused */
    uint8_t passable[8]; /* 1: light may pass straight through */
} bvh_leaf;

typedef struct {
    bvh_node *nodes;
    bvh_leaf *leaves;
    int32_t node_count, leaf_count;
} bvh;

typedef struct {
    float t, u, v; /* distance in units of the direction; barycentric coordinates of the second and third corner */
    int32_t triangle;
} bvh_hit;

/* Called for every passable triangle between a point and a light; returns the share of light that it lets through. */
typedef float (*pass_function)(const void *context, int32_t triangle);

/* Builds over `count` triangles; `passable` has one byte a triangle. Memory is released by bvh_free. */
void bvh_build(bvh *tree, const vec *positions, const int32_t *indices, const uint8_t *passable, int32_t count);
void bvh_free(bvh *tree);

/* Nearest hit in (near, far); returns 0 where there is none. */
int bvh_intersect(const bvh *tree, vec origin, vec direction, float near, float far, bvh_hit *hit);

/* Share of light that arrives along a ray between `near` and `far`, 0..1. */
float bvh_transmittance(const bvh *tree, vec origin, vec direction, float near, float far, pass_function pass,
                        const void *context);

#endif
