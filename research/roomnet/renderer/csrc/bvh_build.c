/* Builds the hierarchy: binned surface area heuristic (Wald, "On fast Construction of SAH-based Bounding Volume
 * Hierarchies", 2007), then eight-way nodes by opening the largest children. */
#include <stdlib.h>
#include <string.h>

#include "bvh.h"

#define BINS 12
#define WIDTH 8

typedef struct { vec low, high; } box;
typedef struct { box bounds; int32_t left, right, first, count; } binary_node; /* count > 0: a leaf */

typedef struct {
    const box *boxes;
    const vec *centres;
    int32_t *order;
    binary_node *nodes;
    int32_t node_count;
} builder;

static const box EMPTY = {{1e30f, 1e30f, 1e30f}, {-1e30f, -1e30f, -1e30f}};

static vec lower(vec a, vec b) { return vec3(minf(a.x, b.x), minf(a.y, b.y), minf(a.z, b.z)); }
static vec upper(vec a, vec b) { return vec3(maxf(a.x, b.x), maxf(a.y, b.y), maxf(a.z, b.z)); }
static box join(box a, box b) { return (box){lower(a.low, b.low), upper(a.high, b.high)}; }
static float component(vec a, int axis) { return axis == 0 ? a.x : axis == 1 ? a.y : a.z; }

static float half_area(box b) {
    vec d = sub(b.high, b.low);
    return d.x < 0.0f ? 0.0f : d.x * d.y + d.y * d.z + d.z * d.x;
}

/* Finds the cheapest of the planes between bins; returns its cost, or 1e30 where all centres coincide. */
static float best_split(const builder *b, int32_t first, int32_t count, int *axis_out, float *plane_out) {
    box centres = EMPTY;
    for (int32_t i = first; i < first + count; ++i) {
        vec c = b->centres[b->order[i]];
        centres = join(centres, (box){c, c});
    }
    float best = 1e30f;
    for (int axis = 0; axis < 3; ++axis) {
        float low = component(centres.low, axis), extent = component(centres.high, axis) - low;
        if (extent < 1e-7f) continue;
        box bounds[BINS];
        int32_t counts[BINS] = {0};
        for (int i = 0; i < BINS; ++i) bounds[i] = EMPTY;
        for (int32_t i = first; i < first + count; ++i) {
            int32_t item = b->order[i];
            int bin = (int)((component(b->centres[item], axis) - low) / extent * (BINS * 0.9999f));
            bounds[bin] = join(bounds[bin], b->boxes[item]);
            counts[bin]++;
        }
        float right_cost[BINS];
        box running = EMPTY;
        int32_t total = 0;
        for (int i = BINS - 1; i > 0; --i) {
            running = join(running, bounds[i]);
            total += counts[i];
            right_cost[i] = half_area(running) * (float)total;
        }
        running = EMPTY;
        total = 0;
        for (int i = 0; i < BINS - 1; ++i) {
            running = join(running, bounds[i]);
            total += counts[i];
            float cost = half_area(running) * (float)total + right_cost[i + 1];
            if (total > 0 && total < count && cost < best) {
                best = cost;
                *axis_out = axis;
                *plane_out = low + extent * (float)(i + 1) / (BINS * 0.9999f);
            }
        }
    }
    return best;
}

static int32_t split(builder *b, int32_t first, int32_t count) {
    int32_t index = b->node_count++;
    box bounds = EMPTY;
    for (int32_t i = first; i < first + count; ++i) bounds = join(bounds, b->boxes[b->order[i]]);
    int32_t left_count = 0;
    if (count > WIDTH) {
        int axis;
        float plane;
        if (best_split(b, first, count, &axis, &plane) < 1e30f) {
            for (int32_t i = first; i < first + count; ++i) {
                int32_t item = b->order[i];
                if (component(b->centres[item], axis) >= plane) continue;
                b->order[i] = b->order[first + left_count];
                b->order[first + left_count++] = item;
            }
        }
        if (left_count == 0 || left_count == count) left_count = count / 2;
    }
    binary_node node = {bounds, 0, 0, first, count};
    if (left_count > 0) {
        node.count = 0;
        node.left = split(b, first, left_count);
        node.right = split(b, first + left_count, count - left_count);
    }
    b->nodes[index] = node;
    return index;
}

static int32_t emit_leaf(bvh *tree, const binary_node *node, const int32_t *order, const vec *positions,
                         const int32_t *indices, const uint8_t *passable) {
    bvh_leaf *leaf = &tree->leaves[tree->leaf_count];
    memset(leaf, 0, sizeof *leaf);
    for (int k = 0; k < WIDTH; ++k) {
        leaf->triangle[k] = -1;
        if (k >= node->count) continue;
        int32_t triangle = order[node->first + k];
        vec a = positions[indices[3 * triangle]];
        vec e1 = sub(positions[indices[3 * triangle + 1]], a), e2 = sub(positions[indices[3 * triangle + 2]], a);
        for (int axis = 0; axis < 3; ++axis) {
            leaf->corner[axis][k] = component(a, axis);
            leaf->edge1[axis][k] = component(e1, axis);
            leaf->edge2[axis][k] = component(e2, axis);
        }
        leaf->triangle[k] = triangle;
        leaf->passable[k] = passable[triangle];
    }
    return ~tree->leaf_count++;
}

static int32_t emit_node(bvh *tree, const builder *b, int32_t root, const vec *positions, const int32_t *indices,
                         const uint8_t *passable) {
    int32_t open[WIDTH], size = 1;
    open[0] = root;
    while (size < WIDTH) {
        int widest = -1;
        float area = -1.0f;
        for (int i = 0; i < size; ++i) {
            const binary_node *node = &b->nodes[open[i]];
            if (node->count == 0 && half_area(node->bounds) > area) area = half_area(node->bounds), widest = i;
        }
        if (widest < 0) break;
        const binary_node *node = &b->nodes[open[widest]];
        open[widest] = node->left;
        open[size++] = node->right;
    }
    int32_t index = tree->node_count++;
    for (int i = 0; i < WIDTH; ++i) {
        box bounds = i < size ? b->nodes[open[i]].bounds : EMPTY;
        for (int axis = 0; axis < 3; ++axis) {
            tree->nodes[index].low[axis][i] = component(bounds.low, axis);
            tree->nodes[index].high[axis][i] = component(bounds.high, axis);
        }
        tree->nodes[index].child[i] = 0;
    }
    for (int i = 0; i < size; ++i) {
        const binary_node *node = &b->nodes[open[i]];
        int32_t child = node->count > 0 ? emit_leaf(tree, node, b->order, positions, indices, passable)
                                        : emit_node(tree, b, open[i], positions, indices, passable);
        tree->nodes[index].child[i] = child;
    }
    return index;
}

void bvh_build(bvh *tree, const vec *positions, const int32_t *indices, const uint8_t *passable, int32_t count) {
    size_t n = (size_t)count;
    box *boxes = malloc(n * sizeof *boxes);
    vec *centres = malloc(n * sizeof *centres);
    builder b = {boxes, centres, malloc(n * sizeof(int32_t)), malloc((2 * n + 2) * sizeof(binary_node)), 0};
    for (int32_t i = 0; i < count; ++i) {
        vec p = positions[indices[3 * i]], q = positions[indices[3 * i + 1]], r = positions[indices[3 * i + 2]];
        boxes[i] = (box){lower(p, lower(q, r)), upper(p, upper(q, r))};
        centres[i] = scale(add(boxes[i].low, boxes[i].high), 0.5f);
        b.order[i] = i;
    }
    split(&b, 0, count);
    tree->node_count = tree->leaf_count = 0;
    tree->nodes = aligned_alloc(64, ((size_t)b.node_count + 1) * 256);
    tree->leaves = aligned_alloc(64, ((size_t)b.node_count + 1) * 384);
    _Static_assert(sizeof(bvh_node) <= 256 && sizeof(bvh_leaf) <= 384, "the allocations above fit");
    emit_node(tree, &b, 0, positions, indices, passable);
    free(boxes);
    free(centres);
    free(b.order);
    free(b.nodes);
}

void bvh_free(bvh *tree) {
    free(tree->nodes);
    free(tree->leaves);
}
