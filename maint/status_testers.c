/* SPDX-License-Identifier: Apache-2.0
 * status_testers.c: see status_testers.h; and the section of testers on the page. */
#include "maint/status_testers.h"

#include <apr_strings.h>
#include <stdlib.h>

#include "maint/json.h"
#include "maint/sheet.h"
#include "maint/status_order.h"
#include "maint/text.h"

static int older(const void *a, const void *b)
{
    int64_t one = ((const cfc_tester_view_t *)a)->note.since;
    int64_t other = ((const cfc_tester_view_t *)b)->note.since;

    return (one > other) - (one < other);
}

cfc_tester_view_t *cfc_testers_look(const cfc_cluster_t *cl, int *count, apr_pool_t *p)
{
    cfc_tester_view_t *views = apr_pcalloc(p, sizeof(*views) * CFC_TESTERS_MAX);

    *count = 0;
    for (int i = 0; i < CFC_TESTERS_MAX; i++) {
        const cfc_tester_slot_t *slot = &cl->slot->testers[i];
        cfc_subject_t subject = cfc_kind_tester.subject(cl, i);
        cfc_tester_view_t *view = &views[*count];
        cfc_kept_t kept;

        if (!cfc_kind_tester.now(&subject, &kept)) {
            continue;
        }
        view->id = cfc_text_clean(kept.texts[CFC_TESTER_ID], p);
        view->node = cfc_text_clean(kept.texts[CFC_TESTER_NODE], p);
        view->note = kept.plan.note;
        view->open_until = cfc_tester_open_until(view->note.since, view->note.until);
        view->opened = atomic_load(&slot->opened);
        view->uses = atomic_load(&slot->uses);
        view->used_at = atomic_load(&slot->used_at);
        ++*count;
    }
    qsort(views, (size_t)*count, sizeof(*views), older);
    return views;
}

json_t *cfc_testers_json(const cfc_tester_view_t *testers, int count, apr_pool_t *p)
{
    json_t *list = json_array();

    for (int i = 0; i < count; i++) {
        const cfc_tester_view_t *t = &testers[i];

        json_array_append_new(list, json_pack(
            "{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}",
            "id", t->id,
            "node", t->node,
            "who", cfc_json_text(t->note.who),
            "reason", cfc_json_text(t->note.text),
            "since", cfc_json_instant(t->note.since, p),
            "until", cfc_json_instant(t->note.until, p),
            "open_until", cfc_json_instant(t->open_until, p),
            "opened", (json_int_t)t->opened,
            "uses", (json_int_t)t->uses,
            "used_at", cfc_json_instant(t->used_at, p)));
    }
    return list;
}

json_t *cfc_tester_made_json(const cfc_tester_made_t *made, apr_pool_t *p)
{
    return json_pack("{s:o, s:s, s:o, s:o, s:o}",
                     "id", json_string(apr_psprintf(p, "%08x", made->claim.id)),
                     "node", made->claim.node,
                     "until", cfc_json_instant(made->claim.until, p),
                     "open_until", cfc_json_instant(made->open_until, p),
                     "link", cfc_json_text(made->url));
}

void cfc_tester_made_html(cfc_html_t *html, const cfc_tester_made_t *made, apr_pool_t *p)
{
    if (made->url == NULL) {
        cfc_html_add(html, "<p>No host of this httpd passes to its cluster.</p>\n");
        return;
    }
    cfc_html_add(html, "<p><label>Link for a tester of %s, to be opened until %s\n"
                 "<input class=\"link\" readonly value=\"%s\"></label></p>\n"
                 "<p><a href=\"%s\" rel=\"noreferrer\">Open it in this browser</a></p>\n",
                 made->claim.node, cfc_time_iso(made->open_until, p), made->url, made->url);
}

static void row(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster,
                const cfc_tester_view_t *t)
{
    cfc_html_add(s->html, "<li><b>%s</b> until %s: link %s by <bdi>%s</bdi>", t->node,
                 cfc_time_iso(t->note.until, s->p), t->id, t->note.who);
    if (t->note.text[0] != '\0') {
        cfc_html_add(s->html, " (<bdi>%s</bdi>)", t->note.text);
    }
    cfc_html_add(s->html, "; opened: %d, requests: %lld", (int)t->opened, (long long)t->uses);
    if (t->used_at != 0) {
        cfc_html_add(s->html, ", the last one ");
        cfc_sheet_ago(s, t->used_at);
    }
    if (cfc_order_buttons(s, cluster->name, "tester", t->id)) {
        cfc_order_button(s, apr_pstrcat(s->p, id, t->id, NULL), "tester-revoke", "Revoke", false);
        cfc_html_add(s->html, "</form>");
    }
    cfc_html_add(s->html, "</li>\n");
}

void cfc_section_testers(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    cfc_html_add(s->html, "<div class=\"part\" id=\"%s-testers\" data-live>\n<h3>Testers "
                 "<span class=\"word %s\">%d</span></h3>\n<ul>\n", id,
                 cluster->testers_count > 0 ? "care" : "calm", cluster->testers_count);
    for (int i = 0; i < cluster->testers_count; i++) {
        row(s, id, cluster, &cluster->testers[i]);
    }
    cfc_html_add(s->html, "</ul>\n<div class=\"buttons\">\n");
    for (int i = 0; i < cluster->nodes_count; i++) {
        const char *label = apr_pstrcat(s->p, "Link for testers of ", cluster->nodes[i].name, NULL);

        if (cfc_order_buttons(s, cluster->name, "node", cluster->nodes[i].name)) {
            cfc_order_button(s, apr_psprintf(s->p, "%st%d", id, i), "tester-link", label, false);
            cfc_html_add(s->html, "</form>\n");
        }
    }
    cfc_html_add(s->html, "</div>\n</div>\n");
}
