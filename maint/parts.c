/* SPDX-License-Identifier: Apache-2.0
 * parts.c: see parts.h. What a path may look like is guard/areas.h's. */
#include "maint/parts.h"

#include <string.h>

#include "guard/areas.h"

#define ROOM CFC_NAME_MAX
#define WORDS (sizeof(((cfc_part_slot_t *)NULL)->path) / sizeof(uint64_t))

const char *cfc_part_read(const char *path, char kept[CFC_NAME_MAX])
{
    size_t length = strlen(path);
    const char *complaint;
    cfc_rule_t rule;

    kept[0] = '\0';
    if (length >= ROOM) {
        return "is too long; write at most 63 bytes, it covers all below";
    }
    memcpy(kept, path, length + 1);
    complaint = cfc_rule_read(kept, false, &rule);
    if (complaint != NULL) {
        kept[0] = '\0';
    }
    return complaint;
}

bool cfc_part_path(const cfc_part_slot_t *part, char path[CFC_NAME_MAX])
{
    if (atomic_load_explicit(&part->state, memory_order_acquire) == CFC_CLUSTER_OPEN
        || !cfc_words_read(&part->path_seq, part->path, WORDS, path, ROOM)
        || memchr(path, '\0', ROOM) == NULL) {
        path[0] = '\0';
    }
    return path[0] != '\0';
}

cfc_part_slot_t *cfc_part_find(cfc_cluster_slot_t *slot, const char *path)
{
    char other[ROOM];

    for (int i = 0; i < CFC_PARTS_MAX; i++) {
        if (cfc_part_path(&slot->parts[i], other) && strcmp(path, other) == 0) {
            return &slot->parts[i];
        }
    }
    return NULL;
}

static cfc_part_slot_t *find_free(cfc_cluster_slot_t *slot)
{
    char path[ROOM];

    for (int i = 0; i < CFC_PARTS_MAX; i++) {
        if (!cfc_part_path(&slot->parts[i], path)) {
            return &slot->parts[i];
        }
    }
    return NULL;
}

bool cfc_part_room(cfc_cluster_slot_t *slot, const char *path)
{
    return cfc_part_find(slot, path) != NULL || find_free(slot) != NULL;
}

void cfc_part_set(cfc_cluster_slot_t *slot, const char *path, cfc_cluster_state_t state,
                  const cfc_plan_t *plan)
{
    cfc_part_slot_t *part = cfc_part_find(slot, path);
    char name[ROOM] = "";
    uint32_t bit;

    if (part == NULL && (state == CFC_CLUSTER_OPEN || (part = find_free(slot)) == NULL)) {
        return;
    }
    bit = 1u << (part - slot->parts);
    if (state != CFC_CLUSTER_CLOSED) {
        atomic_fetch_and(&slot->parts_closed, ~bit);
    }
    if (state != CFC_CLUSTER_OPEN) {
        strncpy(name, path, ROOM - 1);
        cfc_record_write(&part->note, plan, sizeof(*plan));
        cfc_words_write(&part->path_seq, part->path, WORDS, name, ROOM);
    }
    atomic_store(&part->state, state);
    if (state == CFC_CLUSTER_CLOSED) {
        atomic_fetch_or(&slot->parts_closed, bit);
    }
}
