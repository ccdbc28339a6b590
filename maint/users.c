/* SPDX-License-Identifier: Apache-2.0
 * users.c: see users.h. How sessions are counted is lb/sessions.h's business. */
#include "maint/users.h"

#include <apr_strings.h>

#include "maint/text.h"

cfc_users_t cfc_users(const cfc_segment_t *segment, const cfc_cluster_t *cl,
                      const cfc_node_t *node, apr_time_t now)
{
    apr_time_t known_at = segment->sessions_from + apr_time_from_msec(cl->sticky.window_ms);

    return (cfc_users_t){
        .sessions = cfc_sessions_count(&node->slot->sessions, now, cl->sticky.window_ms),
        .known_at = now < known_at ? known_at : 0,
    };
}

static const char *more(const cfc_users_t *users, apr_pool_t *p)
{
    return users->known_at == 0 ? ""
                                : apr_pstrcat(p, ", and maybe more: not all are known until ",
                                              cfc_time_iso(users->known_at, p), NULL);
}

const char *cfc_users_text(const cfc_users_t *users, const char *verb, apr_pool_t *p)
{
    return apr_psprintf(p, "about %" APR_UINT64_T_FMT " sessions%s%s",
                        (apr_uint64_t)users->sessions, verb, more(users, p));
}

cfc_left_t cfc_users_left(cfc_admin_t admin, int in_flight, int tunnels,
                          const cfc_users_t *users)
{
    if (in_flight > 0 || tunnels > 0) {
        return CFC_LEFT_SOMEBODY;
    }
    if (admin == CFC_ADMIN_STOP) {
        return CFC_LEFT_NOBODY;
    }
    return users->sessions > 0    ? CFC_LEFT_SOMEBODY
           : users->known_at != 0 ? CFC_LEFT_UNKNOWN
                                  : CFC_LEFT_NOBODY;
}
