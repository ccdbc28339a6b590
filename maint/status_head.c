/* SPDX-License-Identifier: Apache-2.0
 * status_head.c: the head of a cluster on the status page. */
#include "maint/sheet.h"
#include "maint/text.h"

void cfc_section_head(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    cfc_html_add(s->html, "<div class=\"head\" id=\"%s-head\" data-live>\n<h2>%s</h2>\n"
                 "<span class=\"word %s\">%s</span>\n<span>%d of %d nodes serving</span>\n", id,
                 cluster->name, cluster->closed || cluster->scheduled ? "care" : "calm",
                 cluster->closed      ? "maintenance"
                 : cluster->scheduled ? "scheduled"
                                      : "open",
                 cluster->serving, cluster->nodes_count);
    cfc_html_add(s->html, "<span class=\"soft\">%lld requests answered with a maintenance or "
                 "outage page</span>\n", (long long)cluster->refused);
    if (cluster->scheduled) {
        cfc_html_add(s->html, "<span class=\"soft\">maintenance from %s</span>",
                     cfc_time_iso(cluster->plan.at, s->p));
    }
    if (cluster->closed || cluster->scheduled) {
        cfc_sheet_note(s, cluster->closed ? "closed by" : "scheduled by", &cluster->plan.note);
        if (cluster->plan.note.until != 0) {
            cfc_html_add(s->html, "<span class=\"soft\">planned end %s</span>",
                         cfc_time_iso(cluster->plan.note.until, s->p));
        }
    }
    cfc_html_add(s->html, "</div>\n");
}
