/* SPDX-License-Identifier: Apache-2.0
 * heritage.c: the table of heritage.h, and reading that of another version. Trusts nothing in it
 * but its form. Whether there is anything to take over is segment_httpd.c's to say. */
#include "lb/heritage.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "lb/segment.h"

#define STEADY_TRIES 1000

#define FIELD(key, in, type, member) \
    {key, in, offsetof(type, member), sizeof(((type *)NULL)->member)}
#define SEGMENT(key, member) FIELD(key, CFC_IN_SEGMENT, cfc_segment_t, member)
#define CLUSTER(key, member) FIELD(key, CFC_IN_CLUSTER, cfc_cluster_slot_t, member)
#define NODE(key, member) FIELD(key, CFC_IN_NODE, cfc_node_slot_t, member)

static const cfc_heritage_field_t table[] = {
    SEGMENT("secret", secret),
    SEGMENT("changes", changes),
    SEGMENT("sessions from", sessions_from),

    CLUSTER("cluster", owner.cluster),
    CLUSTER("settled", settled),
    CLUSTER("maintenance", maintenance),
    CLUSTER("maintenance note", maintenance_note),
    CLUSTER("parts closed", parts_closed),
    CLUSTER("parts", parts),
    CLUSTER("refused", refused),
    CLUSTER("walk", walk),

    NODE("cluster", owner.cluster),
    NODE("name", owner.name),
    NODE("admin", admin),
    NODE("admin configured", admin_configured),
    NODE("admin note", admin_note),
    NODE("standing", standing),
    NODE("health at", health_at),
    NODE("identity", identity),
    NODE("deciding", deciding),
    NODE("returned at", returned_at),
    NODE("risen at", risen_at),
    NODE("probes", probes),
    NODE("reported", reported),
    NODE("eject", eject),
    NODE("turns", turns),
    NODE("latency", latency),
    NODE("sessions", sessions),
    NODE("drain", drain),
    NODE("picked", traffic.picked),
    NODE("attempts", traffic.attempts),
    NODE("by class", traffic.by_class),
    NODE("connect failures", traffic.connect_failures),
    NODE("retried", traffic.retried),
    NODE("bytes to", traffic.bytes_to),
    NODE("bytes from", traffic.bytes_from),
    NODE("tunnels begun", traffic.tunnels_begun),
};
#define FIELDS (sizeof(table) / sizeof(table[0]))

static_assert(FIELDS <= CFC_HERITAGE_FIELDS_MAX, "the table has room for every field");

/* How the segment of any version begins. */
typedef struct {
    uint64_t magic, layout;
    cfc_heritage_t heritage;
} head_t;

static_assert(offsetof(head_t, heritage) == 16 && offsetof(cfc_segment_t, heritage) == 16,
              "where every version looks for it");

void cfc_heritage_write(cfc_heritage_t *heritage)
{
    heritage->fields = FIELDS;
    memcpy(heritage->field, table, sizeof(table));
    heritage->array[CFC_IN_SEGMENT].bytes = sizeof(cfc_segment_t);
    heritage->array[CFC_IN_SEGMENT].count = 1;
    heritage->array[CFC_IN_CLUSTER].offset = offsetof(cfc_segment_t, clusters);
    heritage->array[CFC_IN_CLUSTER].bytes = sizeof(cfc_cluster_slot_t);
    heritage->array[CFC_IN_CLUSTER].count = CFC_CLUSTERS_MAX;
    heritage->array[CFC_IN_NODE].offset = offsetof(cfc_segment_t, nodes);
    heritage->array[CFC_IN_NODE].bytes = sizeof(cfc_node_slot_t);
    heritage->array[CFC_IN_NODE].count = CFC_NODES_MAX;
}

/* Whether all that the table tells lies within the segment. */
static bool sound(const cfc_heritage_t *old)
{
    if (old->fields > CFC_HERITAGE_FIELDS_MAX) {
        return false;
    }
    for (int i = 0; i < CFC_IN_COUNT; i++) {
        if (old->array[i].offset + (uint64_t)old->array[i].bytes * old->array[i].count
            > old->array[CFC_IN_SEGMENT].bytes) {
            return false;
        }
    }
    for (uint32_t i = 0; i < old->fields; i++) {
        const cfc_heritage_field_t *field = &old->field[i];

        if (field->in >= CFC_IN_COUNT
            || (uint64_t)field->offset + field->bytes > old->array[field->in].bytes) {
            return false;
        }
    }
    return true;
}

static const cfc_heritage_field_t *find(const cfc_heritage_t *old,
                                        const cfc_heritage_field_t *wanted)
{
    for (uint32_t i = 0; i < old->fields; i++) {
        const cfc_heritage_field_t *field = &old->field[i];

        if (field->in == wanted->in && field->bytes == wanted->bytes
            && memcmp(field->key, wanted->key, sizeof(field->key)) == 0) {
            return field;
        }
    }
    return NULL;
}

/* As it was at one moment, although its writers do not wait for us. A record that was caught inside
 * of a write is unknown until it is written again. */
static void copy_steady(void *to, const void *from, size_t bytes)
{
    for (int i = 0; i < STEADY_TRIES; i++) {
        memcpy(to, from, bytes);
        if (memcmp(to, from, bytes) == 0) {
            return;
        }
    }
}

/* All that both versions know of a cluster, a node, or the segment itself. */
static void copy_fields(uint32_t in, void *to, const char *from, const cfc_heritage_t *old)
{
    for (size_t i = 0; i < FIELDS; i++) {
        const cfc_heritage_field_t *field = table[i].in == in ? find(old, &table[i]) : NULL;

        if (field != NULL) {
            copy_steady((char *)to + table[i].offset, from + field->offset, field->bytes);
        }
    }
}

/* A name in an old slot. @return "": the slot is free, or this is no name */
static const char *name_in(const char *slot, const char *key, uint32_t in,
                           const cfc_heritage_t *old)
{
    cfc_heritage_field_t wanted = {.in = in, .bytes = CFC_NAME_MAX};
    const cfc_heritage_field_t *field;

    strncpy(wanted.key, key, sizeof(wanted.key) - 1);
    field = find(old, &wanted);
    return field != NULL && memchr(slot + field->offset, '\0', CFC_NAME_MAX) != NULL
               ? slot + field->offset
               : "";
}

/* The slot here of what has this slot there. @return NULL: that one is free, or none is left */
static void *slot_for(cfc_segment_t *segment, uint32_t in, const char *from,
                      const cfc_heritage_t *old)
{
    const char *cluster = name_in(from, "cluster", in, old);

    if (cluster[0] == '\0') {
        return NULL;
    }
    if (in == CFC_IN_CLUSTER) {
        return cfc_segment_cluster(segment, cluster);
    }
    return cfc_segment_node(segment, cluster, name_in(from, "name", in, old));
}

int cfc_heritage_take(cfc_segment_t *segment, const void *from)
{
    const head_t *head = from;
    const cfc_heritage_t *old = &head->heritage;
    int taken = 0;

    if (head->magic != CFC_HERITAGE_MAGIC || !sound(old)) {
        return 0;
    }
    cfc_segment_next_generation(segment);
    copy_fields(CFC_IN_SEGMENT, segment, from, old);
    for (uint32_t in = CFC_IN_CLUSTER; in <= CFC_IN_NODE; in++) {
        const char *slot = (const char *)from + old->array[in].offset;

        for (uint32_t i = 0; i < old->array[in].count; i++, slot += old->array[in].bytes) {
            void *to = slot_for(segment, in, slot, old);

            if (to != NULL) {
                copy_fields(in, to, slot, old);
                taken += in == CFC_IN_NODE;
            }
        }
    }
    return taken;
}
