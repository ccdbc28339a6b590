/* SPDX-License-Identifier: Apache-2.0
 * announce.c: see announce.h. Sending it is announce_httpd.c's business. */
#include "maint/announce.h"

#include "maint/json.h"
#include "maint/kept.h"
#include "maint/status_parts.h"

static json_t *announced(cfc_cluster_state_t state, const cfc_plan_t *plan, apr_pool_t *p)
{
    static const cfc_plan_t none;

    if (state == CFC_CLUSTER_OPEN) {
        plan = &none;       /* it tells who opened it, and what the last maintenance was */
    }
    return json_pack("{s:s, s:o, s:o, s:o}",
                     "state", cfc_kind_maintenance.words[state],
                     "message", cfc_json_text(cfc_text_clean(plan->note.text, p)),
                     "from", cfc_json_instant(plan->at, p),
                     "until", cfc_json_instant(plan->note.until, p));
}

const char *cfc_announcement(const cfc_cluster_t *cl, apr_pool_t *p)
{
    cfc_subject_t whole = cfc_kind_maintenance.subject(cl, 0);
    json_t *json, *list = json_array();
    cfc_part_view_t *parts;
    cfc_kept_t kept;
    int count = cfc_parts_look(cl, &parts, p);

    for (int i = 0; i < count; i++) {
        json_t *part = announced(parts[i].closed ? CFC_CLUSTER_CLOSED : CFC_CLUSTER_SCHEDULED,
                                 &parts[i].plan, p);

        json_object_set_new(part, "path", json_string(parts[i].path));
        json_array_append_new(list, part);
    }
    cfc_kind_maintenance.now(&whole, &kept);
    json = announced((cfc_cluster_state_t)kept.state, &kept.plan, p);
    json_object_set_new(json, "parts", list);
    return cfc_json_dump(json, p);
}
