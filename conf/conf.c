/* SPDX-License-Identifier: Apache-2.0
 * conf.c: look-ups in a configuration. Pure; how it comes to be is directives_httpd.c's. */
#include "conf/conf.h"

#include <string.h>

cfc_cluster_t *cfc_conf_cluster(const cfc_conf_t *conf, const char *name)
{
    for (int i = 0; i < conf->clusters->nelts; i++) {
        cfc_cluster_t *cl = APR_ARRAY_IDX(conf->clusters, i, cfc_cluster_t *);

        if (strcmp(cl->name, name) == 0) {
            return cl;
        }
    }
    return NULL;
}
