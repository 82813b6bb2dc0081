/* Path tracing (Kajiya, "The Rendering Equation", SIGGRAPH 1986) with buffers of what the camera sees first. */
#include <stdlib.h>
#include <string.h>

#include "lighting.h"
#include "outside.h"

typedef struct {
    vec direct;   /* light that the first diffuse surface has straight from a source, times its albedo */
    vec indirect; /* and by way of others */
    vec other;    /* emission, gloss, mirrors, the view outside */
    vec albedo, normal;
    float depth;  /* along the camera's axis */
    int32_t part; /* -1: nothing */
} sample;

/* Sums over samples; what `render` adds to. Planar: pixel by pixel, `width` x `height`. */
typedef struct {
    float *direct, *indirect, *other, *albedo, *normal;           /* three a pixel */
    float *square_direct, *square_indirect, *square_other;        /* sums of squared luminances */
} sums;

static const vec BLACK = {0.0f, 0.0f, 0.0f};

static vec bound(vec light, float limit) {
    float most = largest(light);
    return most > limit ? scale(light, limit / most) : light;
}

/* A pane lets light straight through or mirrors it. Returns the new direction. */
static vec cross_pane(const surface *at, vec direction, rng *random, vec *throughput) {
    float cosine = fabsf(dot(at->normal, direction)), power = powf(1.0f - cosine, 5.0f);
    float mirrored = at->material->specular > 0.0f ? 2.0f * (0.04f + 0.96f * power) / (1.04f + 0.96f * power) : 0.0f;
    if (draw(random) < mirrored) return sub(direction, scale(at->normal, 2.0f * dot(at->normal, direction)));
    *throughput = scale(*throughput, minf(1.0f, at->material->clear / maxf(1.0f - mirrored, 0.1f)));
    return direction;
}

static sample trace(const scene *s, vec origin, vec direction, float spread, const camera *view, const options *o, rng *random) {
    sample result = {BLACK, BLACK, BLACK, BLACK, BLACK, 0.0f, -1};
    vec throughput = vec3(1.0f, 1.0f, 1.0f), *into = &result.other;
    int straight = 1;  /* no diffuse surface since the camera or since the last one: sources on the way count */
    float travelled = 0.0f;
    for (int bounce = 0, panes = 0; bounce <= o->bounces;) {
        bvh_hit hit;
        float limit = bounce > 0 ? o->clamp : 1e9f;
        if (!bvh_intersect(&s->tree, origin, direction, 0.0f, 1e4f, &hit)) {
            vec light = bounce == 0 && straight ? outside_view(&s->sky, direction) : outside_light(&s->sky, direction);
            if (straight) *into = add(*into, bound(mul(throughput, light), limit));
            break;
        }
        surface at = surface_at(s, origin, direction, &hit, spread, travelled);
        travelled += hit.t;
        int first = result.part < 0;
        if (first) {
            result.part = at.part;
            result.normal = at.smooth;
            result.depth = dot(sub(at.position, load(view->eye)), load(view->axis));
            result.albedo = vec3(1.0f, 1.0f, 1.0f);
        }
        const material *m = at.material;
        if (straight) *into = add(*into, bound(mul(throughput, load(m->emission)), limit));
        if (m->clear > 0.0f && (m->clear >= 0.5f ? 1 : draw(random) < m->clear)) {
            if (++panes > 8) break;
            if (m->clear >= 0.5f) direction = cross_pane(&at, direction, random, &throughput);
            origin = along(at.position, at.flat, dot(direction, at.flat) > 0.0f ? SKIN : -SKIN);
            continue;
        }
        vec outgoing = scale(direction, -1.0f), fresnel = surface_fresnel(&at, outgoing);
        float diffuse_weight = luminance(at.albedo), gloss_weight = luminance(fresnel);
        float gloss_chance = gloss_weight <= 0.0f ? 0.0f : clampf(gloss_weight / (gloss_weight + diffuse_weight), 0.1f, 1.0f);
        if (m->metal >= 1.0f) gloss_chance = 1.0f;
        if (first && m->metal < 1.0f) result.albedo = at.albedo;
        float u, v;
        if (draw(random) < gloss_chance) {
            vec weight;
            draw_pair(random, &u, &v);
            direction = surface_sample_gloss(&at, outgoing, u, v, &weight);
            if (dot(direction, at.flat) <= 0.0f || largest(weight) <= 0.0f) break;
            throughput = mul(throughput, scale(weight, 1.0f / gloss_chance));
            straight = 1;
        } else {
            vec kept = scale(vec3(1.0f - fresnel.x, 1.0f - fresnel.y, 1.0f - fresnel.z), 1.0f / (1.0f - gloss_chance));
            throughput = mul(throughput, kept);
            throughput = mul(throughput, at.albedo);
            vec light = bound(mul(throughput, direct_light(s, &at, bounce == 0 && o->every_light, random)), limit);
            if (first) result.direct = light, into = &result.indirect;
            else *into = add(*into, light);
            if (bounce == o->bounces) {
                *into = add(*into, mul(throughput, load(o->ambient)));
                break;
            }
            draw_pair(random, &u, &v);
            vec side = draw(random) < m->translucency ? scale(at.normal, -1.0f) : at.normal;
            direction = sample_cosine(side, u, v);
            straight = 0;
        }
        if (bounce > 2) {
            float survive = clampf(largest(throughput), 0.1f, 1.0f);
            if (draw(random) >= survive) break;
            throughput = scale(throughput, 1.0f / survive);
        }
        origin = along(at.position, at.flat, dot(direction, at.flat) > 0.0f ? SKIN : -SKIN);
        ++bounce;
    }
    return result;
}

static vec pixel_direction(const camera *view, float x, float y) {
    vec across = scale(load(view->right), 2.0f * x / (float)view->width - 1.0f);
    vec down = scale(load(view->up), 1.0f - 2.0f * y / (float)view->height);
    return normalize(add(load(view->forward), add(across, down)));
}

static void store(float *to, vec value) { to[0] += value.x, to[1] += value.y, to[2] += value.z; }

/* Adds `samples` samples of every pixel to the sums; sample 0 passes through the pixel's middle and is alone to write
 * normal, depth (metres) and part. */
void render(const scene *s, const camera *view, const options *o, sums *out, float *depth, int32_t *part) {
    float spread = 2.0f * length(load(view->up)) / (float)view->height;
#pragma omp parallel for schedule(dynamic, 4) num_threads(o->threads)
    for (int y = 0; y < view->height; ++y)
        for (int x = 0; x < view->width; ++x) {
            int64_t at = (int64_t)y * view->width + x;
            for (int n = o->first_sample; n < o->first_sample + o->samples; ++n) {
                rng random = {hash2((uint32_t)at, o->seed), (uint32_t)n, 0};
                float dx = 0.5f, dy = 0.5f;
                draw_pair(&random, &dx, &dy);
                if (n == 0) dx = dy = 0.5f;
                vec direction = pixel_direction(view, (float)x + dx, (float)y + dy);
                sample got = trace(s, load(view->eye), direction, spread, view, o, &random);
                store(out->direct + 3 * at, got.direct);
                store(out->indirect + 3 * at, got.indirect);
                store(out->other + 3 * at, got.other);
                store(out->albedo + 3 * at, got.albedo);
                if (n == 0) store(out->normal + 3 * at, got.normal);
                out->square_direct[at] += luminance(got.direct) * luminance(got.direct);
                out->square_indirect[at] += luminance(got.indirect) * luminance(got.indirect);
                out->square_other[at] += luminance(got.other) * luminance(got.other);
                if (n == 0) depth[at] = got.depth, part[at] = got.part;
            }
        }
}

/* Depth (metres) and part through every pixel's middle; nothing else. */
void glance(const scene *s, const camera *view, float *depth, int32_t *part) {
    for (int y = 0; y < view->height; ++y)
        for (int x = 0; x < view->width; ++x) {
            bvh_hit hit;
            vec eye = load(view->eye), direction = pixel_direction(view, (float)x + 0.5f, (float)y + 0.5f);
            int64_t at = (int64_t)y * view->width + x;
            if (!bvh_intersect(&s->tree, eye, direction, 0.0f, 1e4f, &hit)) continue;
            depth[at] = hit.t * dot(direction, load(view->axis));
            part[at] = s->parts_of[hit.triangle];
        }
}

/* The arrays are the caller's and must outlive the scene. */
scene *scene_create(const vec *positions, const vec *normals, const float *uv, const int32_t *indices, const int32_t *materials_of,
                    const int32_t *parts_of, int32_t triangles, const material *materials, const light *lights,
                    int32_t light_count, const sky *outside) {
    scene *s = malloc(sizeof *s);
    *s = (scene){positions, normals, uv, indices, materials_of, parts_of, materials, lights, light_count, *outside, {0}};
    uint8_t *passable = malloc((size_t)triangles);
    for (int32_t i = 0; i < triangles; ++i) passable[i] = materials[materials_of[i]].clear > 0.0f;
    bvh_build(&s->tree, positions, indices, passable, triangles);
    free(passable);
    return s;
}

void scene_destroy(scene *s) {
    bvh_free(&s->tree);
    free(s);
}
