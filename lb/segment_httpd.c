/* SPDX-License-Identifier: Apache-2.0
 * segment_httpd.c: where the segment's memory comes from: anonymous shared memory in the
 * process pool, remembered in httpd's retained data, so it outlives configurations and module
 * reloads and dies with the last process that has it. */
#include "lb/segment_httpd.h"

#include <apr_general.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <unistd.h>

APLOG_USE_MODULE(cfcluster);

static const char retained_key[] = "mod_cfcluster.segment";

static void *aligned(void *memory)
{
    return (void *)APR_ALIGN((uintptr_t)memory, CFC_CACHE_LINE);
}

static cfc_segment_t *make(server_rec *s, apr_status_t *status)
{
    unsigned char secret[CFC_SECRET_BYTES];
    apr_shm_t *shm;

    *status = apr_generate_random_bytes(secret, sizeof(secret));
    if (*status == APR_SUCCESS) {
        *status = apr_shm_create(&shm, sizeof(cfc_segment_t) + CFC_CACHE_LINE, NULL,
                                 s->process->pool);
    }
    if (*status != APR_SUCCESS) {
        return NULL;
    }
    /* Anonymous, so it is zero; a page that nobody writes to never becomes memory. */
    return cfc_segment_init(aligned(apr_shm_baseaddr_get(shm)), secret, apr_time_now());
}

static cfc_segment_t *find_or_make(server_rec *s, apr_status_t *status)
{
    cfc_segment_t **retained = ap_retained_data_get(retained_key);
    const cfc_segment_t *old;

    *status = APR_SUCCESS;
    if (retained == NULL) {
        retained = ap_retained_data_create(retained_key, sizeof(*retained));
    }
    old = *retained;
    if (old != NULL && cfc_segment_usable(old)) {
        return *retained;
    }
    *retained = make(s, status);
    if (old != NULL && *retained != NULL) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "CFC0131: the module was replaced by another version: what is known of %d "
                     "nodes was taken over", cfc_heritage_take(*retained, old));
    }
    return *retained;
}

const char *cfc_segment_open(cfc_conf_t *conf, server_rec *s, apr_pool_t *ptemp)
{
    apr_status_t status;

    conf->segment = find_or_make(s, &status);
    if (conf->segment == NULL) {
        return apr_psprintf(ptemp, "%" APR_SIZE_T_FMT " bytes of shared memory cannot be had: %pm",
                            sizeof(cfc_segment_t), &status);
    }
    conf->generation = cfc_segment_next_generation(conf->segment);
    for (int i = 0; i < conf->clusters->nelts; i++) {
        cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, cfc_cluster_t *);
        cfc_node_t **nodes = cfc_cluster_nodes(cl);

        cl->slot = cfc_segment_cluster(conf->segment, cl->name);
        for (int j = 0; cl->slot != NULL && j < cl->nodes->nelts; j++) {
            nodes[j]->slot = cfc_segment_node(conf->segment, cl->name, nodes[j]->name);
            if (nodes[j]->slot == NULL) {
                return "all node slots are still in use by children of earlier configurations; "
                       "stop and start httpd";
            }
        }
        if (cl->slot == NULL) {
            return "all cluster slots are still in use by children of earlier configurations; "
                   "stop and start httpd";
        }
    }
    return NULL;
}

static apr_status_t leave(void *data)
{
    cfc_conf_t *conf = data;

    cfc_segment_child_leave(conf->segment, conf->child);
    return APR_SUCCESS;
}

void cfc_segment_enter(cfc_conf_t *conf, server_rec *s, apr_pool_t *pchild)
{
    conf->child = cfc_segment_child_enter(conf->segment, getpid(), conf->generation);
    if (conf->child < 0) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "CFC0132: more than %d children: in-flight counts of this one are not "
                     "repaired if it is killed", CFC_CHILDREN_MAX);
    }
    apr_pool_cleanup_register(pchild, conf, leave, apr_pool_cleanup_null);
}
