/* SPDX-License-Identifier: Apache-2.0
 * probe.c: the words of probe.h, and which probe is which. */
#include "health/probe.h"

#include <stddef.h>

#include "lb/hash.h"
#include "lb/segment.h"

const char *const cfc_probe_kinds[] = {"tcp", "http", "ajp", NULL};

static uint64_t with_number(apr_int64_t number, uint64_t before)
{
    return cfc_hash(&number, sizeof(number), before);
}

uint64_t cfc_node_identity(const cfc_node_t *node)
{
    uint64_t identity = cfc_hash_text(node->host, CFC_HASH_NOTHING);

    return with_number(node->port, with_number((apr_int64_t)node->scheme, identity)) | 1;
}

uint64_t cfc_probe_identity(const cfc_probe_conf_t *conf)
{
    uint64_t identity = cfc_hash_text(conf->path, cfc_hash_text(conf->name, CFC_HASH_NOTHING));

    identity = with_number(conf->kind, with_number(conf->expect, identity));
    return with_number(conf->port, identity) | 1;
}

static bool is_of(const _Atomic uint64_t *noted, uint64_t identity)
{
    uint64_t was = atomic_load(noted);

    return was == 0 || was == identity;
}

bool cfc_probe_is_of(const cfc_node_t *node, const cfc_probe_conf_t *conf, int place)
{
    return is_of(&node->slot->identity, cfc_node_identity(node))
           && is_of(&node->slot->probes[place].identity, cfc_probe_identity(conf));
}
