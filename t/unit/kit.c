/* SPDX-License-Identifier: Apache-2.0
 * kit.c: makes the clusters of kit.h. */
#include "t/unit/kit.h"

#include <apr_strings.h>
#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "health/probe.h"
#include "lb/method.h"

cfc_segment_t *cfc_kit_segment(void)
{
    static const unsigned char secret[CFC_SECRET_BYTES] = "a secret for tests only";
    void *memory = mmap(NULL, sizeof(cfc_segment_t), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    return cfc_segment_init(memory, secret, 1);
}

void cfc_kit_segment_free(cfc_segment_t *segment)
{
    munmap(segment, sizeof(*segment));
}

static cfc_node_t *make_node(cfc_kit_t *kit, char *spec)
{
    char *name = apr_strtok(spec, ":", &spec);
    char *weight = apr_strtok(NULL, ":", &spec);
    cfc_node_t *node = apr_pcalloc(kit->pool, sizeof(*node));

    node->name = name;
    node->route = name;
    node->token = apr_pstrcat(kit->pool, "token-", name, NULL);
    node->weight = weight ? atoi(weight) : 1;
    node->slot = cfc_segment_node(kit->segment, CFC_KIT_CLUSTER, name);
    ck_assert_ptr_nonnull(node->slot);
    cfc_kit_state(node, CFC_ADMIN_ACTIVE, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    return node;
}

static const cfc_probe_conf_t kit_probe = {
    .name = CFC_PROBE_MAIN, .kind = CFC_PROBE_HTTP, .path = "/status", .cert_days = 14,
};

cfc_kit_t cfc_kit_open(const char *nodes)
{
    cfc_kit_t kit;
    char *rest, *spec;

    ck_assert_int_eq(apr_pool_create(&kit.pool, NULL), APR_SUCCESS);
    kit.segment = cfc_kit_segment();
    cfc_segment_next_generation(kit.segment);
    kit.cl = apr_pcalloc(kit.pool, sizeof(*kit.cl));
    kit.cl->name = CFC_KIT_CLUSTER;
    kit.cl->slot = cfc_segment_cluster(kit.segment, CFC_KIT_CLUSTER);
    kit.cl->method = cfc_method_find("least-busy");
    kit.cl->sticky.cookie = "CFROUTE";
    kit.cl->sticky.session = "JSESSIONID";
    kit.cl->sticky.window_ms = 1800000;
    kit.cl->dependencies = apr_array_make(kit.pool, 1, sizeof(void *));
    kit.cl->probes = apr_array_make(kit.pool, 1, sizeof(cfc_probe_conf_t *));
    APR_ARRAY_PUSH(kit.cl->probes, const cfc_probe_conf_t *) = &kit_probe;
    kit.cl->nodes = apr_array_make(kit.pool, 4, sizeof(cfc_node_t *));
    for (spec = apr_strtok(apr_pstrdup(kit.pool, nodes), " ", &rest); spec != NULL;
         spec = apr_strtok(NULL, " ", &rest)) {
        APR_ARRAY_PUSH(kit.cl->nodes, cfc_node_t *) = make_node(&kit, spec);
    }
    return kit;
}

void cfc_kit_close(cfc_kit_t *kit)
{
    cfc_kit_segment_free(kit->segment);
    apr_pool_destroy(kit->pool);
}

void cfc_kit_state(cfc_node_t *node, cfc_admin_t admin, cfc_health_t health, cfc_cause_t cause)
{
    atomic_store(&node->slot->admin, (uint32_t)admin);
    cfc_slot_health_set(node->slot, health, cause);
}

const char *cfc_kit_spread(const cfc_kit_t *kit, const unsigned *counts)
{
    cfc_node_t **nodes = cfc_cluster_nodes(kit->cl);
    const char *text = "";

    for (int i = 0; i < kit->cl->nodes->nelts; i++) {
        text = apr_psprintf(kit->pool, "%s%s%s: %u", text, i ? ", " : "", nodes[i]->name,
                            counts[i]);
    }
    return text;
}

uint32_t cfc_kit_dice(void)
{
    /* SplitMix64: G. Steele, D. Lea, C. Flood, OOPSLA 2014. */
    static uint64_t state = 20261123;
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 32);
}
