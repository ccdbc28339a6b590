/* SPDX-License-Identifier: Apache-2.0
 * status_outages.c: the section for planned outages: one form for all of a cluster's
 * dependencies. */
#include "maint/sheet.h"

void cfc_section_outages(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    if (cluster->dependencies_count == 0) {
        return;
    }
    cfc_html_add(s->html, "<div class=\"closing\">\n");
    cfc_sheet_form(s, cluster->name);
    cfc_html_add(s->html, "<label class=\"short\">Planned outage of\n"
                 "<select name=\"dependency\" id=\"%s-outage\">\n", id);
    for (int i = 0; i < cluster->dependencies_count; i++) {
        cfc_html_add(s->html, "<option>%s</option>\n", cluster->dependencies[i].conf->name);
    }
    cfc_html_add(s->html, "</select></label>\n"
                 "<label>Reason\n<input name=\"reason\" id=\"%s-outage-reason\" maxlength=\"300\" "
                 "placeholder=\"backup\" autocomplete=\"off\"></label>\n"
                 "<label class=\"short\">Until\n<input name=\"until\" id=\"%s-outage-until\" "
                 "placeholder=\"4h, or 2026-01-31T22:00Z\" autocomplete=\"off\"></label>\n"
                 "<div class=\"buttons\">\n"
                 "<button name=\"action\" value=\"ack\" title=\"It may fail until then, and is no "
                 "alarm\">Acknowledge</button>\n"
                 "<button name=\"action\" value=\"unack\" title=\"When it is not well it is an "
                 "alarm again\">Watch again</button>\n</div>\n</form>\n</div>\n", id, id);
}
