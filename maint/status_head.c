/* SPDX-License-Identifier: Apache-2.0
 * status_head.c: the head of a cluster on the status page: its name, and its nodes in sum. */
#include "maint/sheet.h"
#include "maint/text.h"

/* "1 request waits", "3 requests wait"; nothing for 0. */
static void count(const cfc_sheet_t *s, uint64_t number, const char *one, const char *many)
{
    if (number > 0) {
        cfc_html_add(s->html, "<span class=\"soft\">%lld %s</span>\n", (long long)number,
                     number == 1 ? one : many);
    }
}

void cfc_section_head(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    uint64_t sessions = 0;
    double per_s = 0;

    for (int i = 0; i < cluster->nodes_count; i++) {
        sessions += cluster->nodes[i].users.sessions;
        per_s += cluster->nodes[i].rates.requests_per_s;
    }
    cfc_html_add(s->html, "<div class=\"head\" id=\"%s-head\" data-live>\n<h2>%s</h2>\n"
                 "<span class=\"word %s\">%s</span>\n<span>%d of %d nodes serving</span>\n"
                 "<span class=\"soft\">%lld sessions, %lld requests/s</span>\n", id,
                 cluster->name, cluster->closed || cluster->scheduled ? "care" : "calm",
                 cluster->closed      ? "maintenance"
                 : cluster->scheduled ? "scheduled"
                                      : "open",
                 cluster->serving, cluster->nodes_count, (long long)sessions,
                 (long long)(per_s + 0.5));
    count(s, (uint64_t)cluster->waiting, "request waits for a node", "requests wait for a node");
    count(s, cluster->refused, "request was answered with a maintenance or outage page",
          "requests were answered with a maintenance or outage page");
    count(s, cluster->logins_refused, "login was refused", "logins were refused");
    cfc_html_add(s->html, "</div>\n");
}
