/* SPDX-License-Identifier: Apache-2.0
 * status_outages.c: see status_outages.h. One form for all of a cluster's dependencies. As in the
 * other forms, the button that Enter presses does nothing (status_html.c). */
#include "maint/status_outages.h"

void cfc_outages_html(cfc_html_t *html, const char *id, const char *token,
                      const cfc_cluster_view_t *cluster)
{
    if (cluster->dependencies_count == 0) {
        return;
    }
    cfc_html_add(html, "<div class=\"closing\">\n<form method=\"post\" action=\"?\">\n"
                 "<button disabled hidden></button>\n"
                 "<input type=\"hidden\" name=\"csrf\" value=\"%s\">\n"
                 "<input type=\"hidden\" name=\"cluster\" value=\"%s\">\n"
                 "<label class=\"short\">Planned outage of\n"
                 "<select name=\"dependency\" id=\"%s-outage\">\n", token, cluster->name, id);
    for (int i = 0; i < cluster->dependencies_count; i++) {
        cfc_html_add(html, "<option>%s</option>\n", cluster->dependencies[i].conf->name);
    }
    cfc_html_add(html, "</select></label>\n"
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
