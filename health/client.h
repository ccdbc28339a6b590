/* SPDX-License-Identifier: Apache-2.0
 * client.h: how a kind of dependency is looked at: one look on a thread, then its result. */
#ifndef CFC_HEALTH_CLIENT_H
#define CFC_HEALTH_CLIENT_H

#include <stdbool.h>

#include "health/db_facts.h"
#include "health/dependency.h"
#include "health/errand.h"

typedef struct {
    /** Once in a process, in its first thread, before make(). @return false: no memory */
    bool (*begin)(void);

    /** @param conf lives at least as long as what is made. @return NULL: no memory */
    void *(*make)(const cfc_dependency_t *conf);

    cfc_errand_kind_t errand;       /* of what make() made */

    /**
     * What the last look found; only between two of them.
     * @param facts as far as this kind has any
     * @return why there are none, in words, valid until the next look; NULL: facts are set
     */
    const char *(*result)(const void *client, cfc_db_facts_t *facts);

    /** The server's or the library's number of what failed at the last look; 0: none has one. As
     * result(). */
    int (*code)(const void *client);

    /** Whether nobody there said a word at the last look, not even a refusal; as result(). */
    bool (*silent)(const void *client);

    /** What it is doing just now, for a complaint about its time: "connecting". Any thread. */
    const char *(*step)(const void *client);
} cfc_client_kind_t;

extern const cfc_client_kind_t cfc_db_client;           /* db_client.c */
extern const cfc_client_kind_t cfc_directory_client;    /* directory_client.c */

#endif
