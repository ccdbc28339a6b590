/* SPDX-License-Identifier: Apache-2.0
 * small_cluster.c: see small_cluster.h. */
#include "t/unit/small_cluster.h"

#include <apr_strings.h>
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lb/segment.h"
#include "maint/store.h"

static cfc_conf_t *the_conf;

cfc_conf_t *cfc_conf(void)
{
    return the_conf;
}

static void find_slots(cfc_small_cluster_t *small)
{
    small->conf->generation = cfc_segment_next_generation(small->conf->segment);
    small->cl->slot = cfc_segment_cluster(small->conf->segment, small->cl->name);
    for (int i = 0; i < small->cl->nodes->nelts; i++) {
        cfc_node_t *node = cfc_cluster_nodes(small->cl)[i];

        node->slot = cfc_segment_node(small->conf->segment, small->cl->name, node->name);
    }
    for (int i = 0; i < small->cl->dependencies->nelts; i++) {
        cfc_dependency_t *dependency = cfc_cluster_dependencies(small->cl)[i];

        dependency->slot = cfc_segment_dependency(small->conf->segment, small->cl->name,
                                                  dependency->name);
    }
}

static cfc_dependency_t *add_dependency(cfc_small_cluster_t *small, const char *name, int kind)
{
    cfc_dependency_t *dependency = apr_pcalloc(small->p, sizeof(*dependency));

    dependency->name = name;
    dependency->kind = kind;
    dependency->address = apr_pstrcat(small->p, name, ".example.org:1", NULL);
    dependency->interval_ms = 5000;
    dependency->timeout_ms = 2000;
    APR_ARRAY_PUSH(small->cl->dependencies, cfc_dependency_t *) = dependency;
    return dependency;
}

void cfc_small_cluster_depend(cfc_small_cluster_t *small)
{
    small->master = add_dependency(small, "master", CFC_DEPENDENCY_MYSQL);
    small->replica = add_dependency(small, "replica", CFC_DEPENDENCY_MYSQL);
    small->replica->of = "master";
    small->replica->source = small->master;
    small->directory = add_dependency(small, "ad", CFC_DEPENDENCY_LDAP);
    cfc_small_cluster_graceful(small);
}

void cfc_small_cluster_graceful(cfc_small_cluster_t *small)
{
    find_slots(small);
    small->conf->store = cfc_store_open(small->dir, geteuid(), getegid(), small->p);
    cfc_store_load(small->conf->store, small->conf, small->p);
}

void cfc_small_cluster_restart(cfc_small_cluster_t *small)
{
    static const unsigned char secret[CFC_SECRET_BYTES] = "not secret";

    memset(small->conf->segment, 0, sizeof(cfc_segment_t));
    cfc_segment_init(small->conf->segment, secret, apr_time_now());
    cfc_small_cluster_graceful(small);
}

void cfc_small_cluster_make(cfc_small_cluster_t *small)
{
    small->kit = cfc_kit_open("node1 node2");
    small->p = small->kit.pool;
    small->cl = small->kit.cl;
    small->node1 = cfc_cluster_nodes(small->cl)[0];
    small->node2 = cfc_cluster_nodes(small->cl)[1];
    small->node1->url = "http://node1.example.org:8090";
    small->node2->url = "http://node2.example.org:8090";
    strcpy(small->dir, "/tmp/cfc-state-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(small->dir));
    small->conf = apr_pcalloc(small->p, sizeof(*small->conf));
    small->conf->clusters = apr_array_make(small->p, 1, sizeof(cfc_cluster_t *));
    APR_ARRAY_PUSH(small->conf->clusters, cfc_cluster_t *) = small->cl;
    small->conf->segment = small->kit.segment;
    the_conf = small->conf;
    cfc_small_cluster_graceful(small);
}

/* Calls visit for each file of the state directory. */
static int each_file(const cfc_small_cluster_t *small, const char *part, int (*visit)(const char *))
{
    DIR *dir = opendir(small->dir);
    struct dirent *entry;
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && strstr(entry->d_name, part) != NULL) {
            count++;
            if (visit != NULL) {
                ck_assert_int_eq(visit(apr_psprintf(small->p, "%s/%s", small->dir, entry->d_name)),
                                 0);
            }
        }
    }
    closedir(dir);
    return count;
}

int cfc_small_cluster_files(const cfc_small_cluster_t *small, const char *part)
{
    return each_file(small, part, NULL);
}

void cfc_small_cluster_end(cfc_small_cluster_t *small)
{
    each_file(small, "", remove);
    ck_assert_int_eq(rmdir(small->dir), 0);
    the_conf = NULL;
    cfc_kit_close(&small->kit);
}

static const char *file_path(const cfc_small_cluster_t *small)
{
    return apr_pstrcat(small->p, small->dir, "/state.json", NULL);
}

char *cfc_small_cluster_file(const cfc_small_cluster_t *small)
{
    FILE *file = fopen(file_path(small), "r");
    char *text;
    size_t bytes;

    if (file == NULL) {
        return NULL;
    }
    text = apr_pcalloc(small->p, 65536);
    bytes = fread(text, 1, 65535, file);
    ck_assert_uint_lt(bytes, 65535);
    fclose(file);
    return text;
}

void cfc_small_cluster_write(const cfc_small_cluster_t *small, const char *text, size_t bytes)
{
    FILE *file = fopen(file_path(small), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, bytes, file), bytes);
    ck_assert_int_eq(fclose(file), 0);
}
