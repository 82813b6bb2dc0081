/* What is rendered: triangles, materials, lights and what lies outside. The layouts are mirrored in `layout.py`. */
#ifndef SCENE_H
#define SCENE_H

#include <stdint.h>

#include "bvh.h"
#include "vec.h"

/* How far from a surface a ray starts that leaves it, metres: more than rounding, less than any crack. */
#define SKIN 3e-5f

typedef struct {
    int32_t texture;     /* one of enum texture_kind */
    uint32_t seed;       /* of the texture's irregularities */
    float colour[3][3];  /* linear RGB reflectances, meaning by texture */
    float size[2];       /* of the texture's unit (board, tile, thread), metres */
    float detail[2];     /* meaning by texture */
    float roughness;     /* of the gloss, GGX alpha = roughness squared */
    float specular;      /* reflectance at normal incidence; 0.04 for most things, 0 for cloth */
    float metal;         /* 1: the colour is the reflectance at normal incidence and nothing is diffuse */
    float translucency;  /* share of the diffuse light that leaves on the other side */
    float clear;         /* share of light that passes straight on: panes, the holes of a sheer curtain */
    float emission[3];   /* radiance */
    float bump;          /* height of the texture's relief, metres */
} material;

typedef struct {
    int32_t kind;        /* enum light_kind */
    float corner[3];     /* of a rectangle; centre of a sphere */
    float edge_u[3], edge_v[3]; /* of a rectangle; the normal, edge_u x edge_v, points to the lit side */
    float radius;        /* of a sphere */
    float radiance[3];   /* of rectangle and sphere */
} light;

enum light_kind { LIGHT_PORTAL, LIGHT_RECTANGLE, LIGHT_SPHERE };

typedef struct {
    float zenith[3], horizon[3], haze[3]; /* radiances of the sky; of what is far away */
    float ground[3], foliage[3];          /* reflectances, times `daylight` */
    float daylight[3];                    /* radiance of a white thing outside */
    float sun_direction[3];               /* towards the sun */
    float sun[3];                         /* irradiance on a surface that faces the sun */
    float sun_radius;                     /* radians */
    float skyline;                        /* tangent of the elevation to which trees or houses rise */
    float houses;                         /* 0 trees .. 1 houses */
    float above_ground;                   /* of the window, metres */
    int32_t close;                        /* 0 nothing, 1 a tree, 2 a fence before a hedge, 3 the neighbours' wall */
    uint32_t seed;
} sky;

typedef struct {
    float eye[3];
    float right[3], up[3]; /* half the picture's width and height at distance 1 */
    float forward[3];      /* to the picture's centre at distance 1; not orthogonal to up where the lens is shifted */
    float axis[3];         /* unit, orthogonal to the picture plane: depth is measured along it */
    int32_t width, height;
} camera;

typedef struct {
    int32_t first_sample, samples, bounces, threads;
    int32_t every_light; /* 1: the first surface looks for all sources, 0: for one by chance, as later ones do */
    uint32_t seed;
    float clamp;      /* upper bound of what one path adds after its first bounce; keeps single bright dots out */
    float ambient[3]; /* radiance that stands for all light after the last bounce */
} options;

typedef struct {
    const vec *positions, *normals;
    const float *uv;         /* two a vertex */
    const int32_t *indices;  /* three a triangle */
    const int32_t *materials_of, *parts_of; /* one a triangle */
    const material *materials;
    const light *lights;
    int32_t light_count;
    sky sky;
    bvh tree;
} scene;

#endif
