/* SPDX-License-Identifier: Apache-2.0
 * status_maintenance.c: the section that begins and ends a maintenance. */
#include "maint/sheet.h"
#include "maint/text.h"

void cfc_section_maintenance(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    const cfc_note_t *note = &cluster->plan.note;
    bool closed = cluster->closed, set = closed || cluster->scheduled;

    cfc_html_add(s->html, "<div class=\"closing\">\n");
    cfc_sheet_form(s, cluster->name);
    cfc_sheet_field(s, id, "message", "Maintenance: message for users", "", set ? note->text : "",
          "We are installing an update.");
    if (!closed) {
        cfc_sheet_field(s, id, "from", "Begin (empty: now)", "short",
              set ? cfc_time_iso(cluster->plan.at, s->p) : "", "2h, or 2026-01-31T20:00Z");
    }
    cfc_sheet_field(s, id, "until", "Planned end", "short",
          set && note->until ? cfc_time_iso(note->until, s->p) : "", "2h, or 2026-01-31T22:00Z");
    cfc_html_add(s->html, "<label class=\"short\">Ends\n<select name=\"end\" id=\"%s-end\">"
                 "<option value=\"ordered\">when somebody ends it</option>"
                 "<option value=\"by-itself\"%s>at the planned end, by itself</option>"
                 "</select></label>\n", id,
                 set && cluster->plan.how == CFC_END_BY_ITSELF ? " selected" : "");
    cfc_html_add(s->html, "<div class=\"buttons\" id=\"%s-closing\" data-live>\n", id);
    cfc_sheet_button(s, id, "maintenance-on",
           closed ? "Change the message" : set ? "Change the plan" : "Begin maintenance",
           closed ? "" : "grave", false,
           "All users see the maintenance page at once, or from its begin");
    cfc_html_add(s->html, "</div>\n</form>\n<div id=\"%s-opening\" data-live>", id);
    if (set) {
        cfc_sheet_form(s, cluster->name);
        cfc_sheet_button(s, id, "maintenance-off", closed ? "End maintenance" : "Cancel maintenance", "",
               false, "All users come to the nodes again at once");
        cfc_html_add(s->html, "</form>");
    }
    cfc_html_add(s->html, "</div>\n</div>\n");
}
