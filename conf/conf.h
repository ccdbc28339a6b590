/* SPDX-License-Identifier: Apache-2.0
 * conf.h: the configuration of this httpd as a whole: the clusters, global by name, and what
 * this process needs to reach their shared state. One per process, made anew at each
 * configuration pass; read-only once the children run. */
#ifndef CFC_CONF_CONF_H
#define CFC_CONF_CONF_H

#include <apr_tables.h>

#include "lb/cluster.h"
#include "lb/segment.h"

struct cfc_store;

typedef struct cfc_conf {
    apr_array_header_t *clusters;   /* cfc_cluster_t *, in the order configured */
    apr_array_header_t *notify;     /* cfc_notify_t, the CFNotify lines */
    const char *state_dir;          /* absolute; where the state file lives */
    cfc_segment_t *segment;         /* NULL before post_config */
    uint32_t generation;            /* this configuration's, in the segment */
    int child;                      /* this process in the in-flight books; -1: not counted */
    struct cfc_store *store;        /* NULL before post_config */
} cfc_conf_t;

/** The configuration of this process. Never NULL after the pre_config hook. */
cfc_conf_t *cfc_conf(void);

/** Find a cluster by name. @return NULL: no such cluster */
cfc_cluster_t *cfc_conf_cluster(const cfc_conf_t *conf, const char *name);

#endif
