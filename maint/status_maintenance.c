/* SPDX-License-Identifier: Apache-2.0
 * status_maintenance.c: the section that tells of a maintenance, with the orders that begin and end
 * one. */
#include "maint/sheet.h"
#include "maint/status_order.h"
#include "maint/text.h"

static void term(const cfc_sheet_t *s, const char *name, const char *value)
{
    cfc_html_add(s->html, "<dt>%s</dt><dd><bdi>%s</bdi></dd>\n", name, value);
}

static void instant(const cfc_sheet_t *s, const char *name, apr_time_t at)
{
    const char *iso = cfc_time_iso(at, s->p);
    const apr_time_t left = at - s->status->now;

    cfc_html_add(s->html, "<dt>%s</dt><dd><time datetime=\"%s\">%s</time>, %s%s%s</dd>\n", name,
                 iso, iso, left > 0 ? "in " : "", cfc_time_span(left > 0 ? left : -left, s->p),
                 left > 0 ? "" : " ago");
}

static void plan(const cfc_sheet_t *s, const cfc_cluster_view_t *cluster)
{
    const cfc_note_t *note = &cluster->plan.note;

    cfc_html_add(s->html, "<dl>\n<dt>%s by</dt><dd><bdi>%s</bdi>, ",
                 cluster->closed ? "Closed" : "Scheduled", note->who);
    cfc_sheet_ago(s, note->since);
    cfc_html_add(s->html, "</dd>\n");
    if (cluster->scheduled) {
        instant(s, "Begins", cluster->plan.at);
    }
    term(s, "Message", note->text[0] != '\0' ? note->text : "none");
    if (note->until != 0) {
        instant(s, "Planned end", note->until);
    }
    term(s, "Ends", cluster->plan.how == CFC_END_BY_ITSELF ? "at the planned end, by itself"
                                                           : "when somebody ends it");
    cfc_html_add(s->html, "</dl>\n");
}

static void buttons(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    if (!cfc_order_buttons(s, cluster->name, NULL, NULL)) {
        return;
    }
    cfc_order_button(s, id, "maintenance-on",
                     cluster->closed      ? "Change message or end"
                     : cluster->scheduled ? "Change the plan"
                                          : "Begin maintenance",
                     false);
    if (cluster->closed || cluster->scheduled) {
        cfc_order_button(s, id, "maintenance-off",
                         cluster->closed ? "End maintenance" : "Cancel maintenance", false);
    }
    cfc_html_add(s->html, "</form>\n");
}

void cfc_section_maintenance(const cfc_sheet_t *s, const char *id,
                             const cfc_cluster_view_t *cluster)
{
    bool set = cluster->closed || cluster->scheduled;

    cfc_html_add(s->html, "<div class=\"part\" id=\"%s-maintenance\" data-live>\n<h3>Maintenance "
                 "<span class=\"word %s\">%s</span></h3>\n", id, set ? "care" : "calm",
                 cluster->closed ? "closed" : cluster->scheduled ? "scheduled" : "none");
    if (set) {
        plan(s, cluster);
    }
    buttons(s, id, cluster);
    cfc_section_parts(s, id, cluster);
    cfc_html_add(s->html, "</div>\n");
}
