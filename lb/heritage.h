/* SPDX-License-Identifier: Apache-2.0
 * heritage.h: what a new version of the module takes over from the segment of the one before, when
 * the layout has changed in between. Every segment says in a table at its beginning where the things
 * are that are worth keeping; the form of this table never changes, whatever else does.
 *
 *   offset
 *   0       magic: says that a table of this form follows
 *   8       layout: not looked at here
 *   16      cfc_heritage_t
 *
 * A key stands for a meaning: a field that comes to mean something else, in the same bytes, gets
 * another key. What only one of the two versions knows stays as in a new segment. */
#ifndef CFC_LB_HERITAGE_H
#define CFC_LB_HERITAGE_H

#include <stdint.h>

#define CFC_HERITAGE_MAGIC UINT64_C(0x6366636c75737432)     /* "cfclust2" */
#define CFC_HERITAGE_FIELDS_MAX 64

/** In what a field lies. */
enum {
    CFC_IN_SEGMENT,
    CFC_IN_CLUSTER,             /* a cluster's slot */
    CFC_IN_NODE,                /* a node's slot */
    CFC_IN_COUNT
};

typedef struct {
    char key[20];               /* NUL-ended */
    uint32_t in;                /* CFC_IN_... */
    uint32_t offset;            /* in that */
    uint32_t bytes;
} cfc_heritage_field_t;

typedef struct {
    uint32_t fields;            /* entries of field[] that are used */
    struct {
        uint32_t offset;        /* of the first one in the segment */
        uint32_t bytes;         /* of each */
        uint32_t count;
    } array[CFC_IN_COUNT];      /* array[CFC_IN_SEGMENT]: the segment itself */
    cfc_heritage_field_t field[CFC_HERITAGE_FIELDS_MAX];
} cfc_heritage_t;

struct cfc_segment;

/** Write this version's table. */
void cfc_heritage_write(cfc_heritage_t *heritage);

/**
 * Take over what is known of clusters and nodes, and give them their slots. What goes on at this
 * moment (requests in flight, the queue, children, the monitor's lease) is not taken over, nor are
 * events, which the old monitor still files: the old segment stays with those that work in it. Nor
 * are dependencies, whose results stop nobody and come anew. In the new segment this is a generation
 * of its own, so that the next one finds the slots taken. Parent only.
 *
 * Threads: the old one may be written to meanwhile.
 *
 * @param old a segment of any version
 * @return the number of nodes; 0 also if it has no table of this form
 */
int cfc_heritage_take(struct cfc_segment *segment, const void *old);

#endif
