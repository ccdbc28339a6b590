/* SPDX-License-Identifier: Apache-2.0
 * status_parts.c: see status_parts.h. */
#include "maint/status_parts.h"

#include <apr_strings.h>

#include "maint/json.h"
#include "maint/sheet.h"
#include "maint/status_order.h"
#include "maint/text.h"

int cfc_parts_look(const cfc_cluster_t *cl, cfc_part_view_t **parts, apr_pool_t *p)
{
    int count = 0;

    *parts = apr_pcalloc(p, CFC_PARTS_MAX * sizeof(**parts));
    for (int i = 1; i < cfc_kind_maintenance.count(cl); i++) {
        cfc_subject_t part = cfc_kind_maintenance.subject(cl, i);
        cfc_part_view_t *view = &(*parts)[count];
        cfc_kept_t kept;

        cfc_kind_maintenance.now(&part, &kept);
        if (kept.state == CFC_CLUSTER_OPEN) {
            continue;
        }
        view->path = cfc_text_clean(part.name, p);
        view->closed = kept.state == CFC_CLUSTER_CLOSED;
        view->plan = kept.plan;
        cfc_text_fit(view->plan.note.text, sizeof(view->plan.note.text),
                     cfc_text_clean(kept.plan.note.text, p));
        cfc_text_fit(view->plan.note.who, sizeof(view->plan.note.who),
                     cfc_text_clean(kept.plan.note.who, p));
        count++;
    }
    return count;
}

const char *cfc_parts_text(const cfc_part_view_t *parts, int count, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; i < count; i++) {
        text = apr_pstrcat(p, text, "; ", parts[i].path,
                           parts[i].closed ? " is in maintenance" : " will be in maintenance from ",
                           parts[i].closed ? "" : cfc_time_iso(parts[i].plan.at, p), NULL);
    }
    return text;
}

json_t *cfc_parts_json(const cfc_part_view_t *parts, int count, apr_pool_t *p)
{
    json_t *array = json_array();

    for (int i = 0; i < count; i++) {
        const cfc_plan_t *plan = &parts[i].plan;
        cfc_cluster_state_t state = parts[i].closed ? CFC_CLUSTER_CLOSED : CFC_CLUSTER_SCHEDULED;

        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}",
                                        "path", parts[i].path,
                                        "state", cfc_kind_maintenance.words[state],
                                        "message", cfc_json_text(plan->note.text),
                                        "who", cfc_json_text(plan->note.who),
                                        "since", cfc_json_instant(plan->note.since, p),
                                        "until", cfc_json_instant(plan->note.until, p),
                                        "from", cfc_json_instant(plan->at, p),
                                        "end", cfc_kind_maintenance.hows[plan->how]));
    }
    return array;
}

static void row(const cfc_sheet_t *s, const char *id, const char *cluster,
                const cfc_part_view_t *part)
{
    const cfc_note_t *note = &part->plan.note;

    cfc_html_add(s->html, "<tr><th scope=\"row\"><bdi>%s</bdi></th>\n<td class=\"fact\" "
                 "data-name=\"State\"><div><span class=\"word care\">%s</span>"
                 "<span class=\"soft\">by <bdi>%s</bdi></span>", part->path,
                 part->closed ? "closed" : "scheduled", note->who);
    if (!part->closed) {
        cfc_html_add(s->html, "<span class=\"soft\">from %s</span>",
                     cfc_time_iso(part->plan.at, s->p));
    }
    if (note->until != 0) {
        cfc_html_add(s->html, "<span class=\"soft\">until %s</span>",
                     cfc_time_iso(note->until, s->p));
    }
    cfc_html_add(s->html, "</div></td>\n<td data-name=\"Message\"><bdi>%s</bdi></td>\n"
                 "<td class=\"orders\">", note->text[0] != '\0' ? note->text : "none");
    if (cfc_order_buttons(s, cluster, "path", part->path)) {
        cfc_order_button(s, id, "maintenance-on", "Change", false);
        cfc_order_button(s, id, "maintenance-off", part->closed ? "Open" : "Cancel", false);
        cfc_html_add(s->html, "</form>");
    }
    cfc_html_add(s->html, "</td></tr>\n");
}

void cfc_section_parts(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    if (cluster->parts_count == 0) {
        return;
    }
    cfc_html_add(s->html, "<table class=\"dependencies\">\n<thead><tr>"
                 "<th scope=\"col\">Path</th><th scope=\"col\">State</th>"
                 "<th scope=\"col\">Message</th><th scope=\"col\">Change</th></tr></thead>\n"
                 "<tbody>\n");
    for (int i = 0; i < cluster->parts_count; i++) {
        row(s, apr_psprintf(s->p, "%sp%d", id, i), cluster->name, &cluster->parts[i]);
    }
    cfc_html_add(s->html, "</tbody>\n</table>\n");
}
