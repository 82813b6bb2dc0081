/* Procedural textures: what a surface looks like at a point of it. */
#ifndef TEXTURE_H
#define TEXTURE_H

#include "scene.h"

/* `c0`, `c1`, `c2` are the material's colours, `size` and `detail` its numbers. u and v are metres unless said. */
enum texture_kind {
    TEXTURE_PLAIN,       /* c0, mottled by detail[0] over size[0] */
    TEXTURE_BOARDS,      /* floor boards size[0] long along u, size[1] wide: c0..c1 by board, gaps c2; detail: grain, tone */
    TEXTURE_HERRINGBONE, /* blocks size[0] by size[1], otherwise like boards */
    TEXTURE_TILES,       /* tiles size: c0..c1 clouded by detail[0], joints c2 of width detail[1] */
    TEXTURE_WOOD,        /* grain along u: c0 with c1 rings of size[1] across; detail[0] contrast */
    TEXTURE_WEAVE,       /* threads size[0] by size[1]: c0 and c1; detail[0] melange */
    TEXTURE_PILE,        /* carpet: c0, c1 in tufts of size[0]; detail[0] large-scale shading */
    TEXTURE_ORIENTAL,    /* rug; u, v from its middle, size: half its size; c0 field, c1 border, c2 motif */
    TEXTURE_STRIPES,     /* along v, period size[0]: c0, c1; detail[0] share of c1 */
    TEXTURE_CHECKS,      /* plaid: c0 crossed by c1 and c2, period size[0] */
    TEXTURE_STONE,       /* marble or granite: c0, veins c1, specks c2; size[0] of features; detail: veins, specks */
    TEXTURE_BRICK,       /* bricks size: c0..c1, mortar c2 */
    TEXTURE_LANDSCAPE,   /* picture, u and v 0..1: sky c0, hills c1, ground c2 */
    TEXTURE_ABSTRACT,    /* picture, u and v 0..1: fields of c0, c1, c2 */
    TEXTURE_LEAF,        /* u 0..1 across, v 0..1 along: c0, rib c1 */
    TEXTURE_MOSAIC,      /* geometric rug: diamonds of size[0]: c0, c1, c2 */
    TEXTURE_FLORAL,      /* printed cloth or paper: flowers c1, c2 and scrolls c1 on c0, size[0] apart; detail[0] share of flowers */
};

typedef struct {
    vec colour;
    float height;    /* 0..1, of the relief */
    float roughness; /* factor on the material's */
    float specular;  /* factor on the material's */
} texel;

/* `footprint`: metres (or unit of u and v) that one pixel covers there; finer detail fades into its mean. */
texel texture_at(const material *m, float u, float v, float footprint);

#endif
