/* SPDX-License-Identifier: Apache-2.0
 * status_nodes.c: the nodes of a cluster on the status page, and orders to them. */
#include <apr_strings.h>

#include "maint/sheet.h"
#include "maint/text.h"

#define NUMBERS_FROM 5      /* columns of the table: facts, then numbers */

static const char *admin_class(cfc_admin_t admin)
{
    return admin == CFC_ADMIN_ACTIVE ? "calm" : admin == CFC_ADMIN_DRAIN ? "care" : "bad";
}

static const char *health_class(cfc_health_t health)
{
    return health == CFC_HEALTH_UP ? "good" : health == CFC_HEALTH_DOWN ? "bad" : "care";
}

static const char *effective_class(cfc_effective_t effective)
{
    return effective == CFC_EFFECTIVE_SERVING ? "good"
           : effective == CFC_EFFECTIVE_OUT   ? "bad"
                                              : "care";
}

static void cell_word(const cfc_sheet_t *s, const char *name, const char *class, const char *word)
{
    cfc_html_add(s->html, "<td class=\"fact\" data-name=\"%s\"><div>"
                 "<span class=\"word %s\">%s</span>", name, class, word);
}

static void cell_end(const cfc_sheet_t *s)
{
    cfc_html_add(s->html, "</div></td>\n");
}

static void cell_number(const cfc_sheet_t *s, const char *name, uint64_t value)
{
    cfc_html_add(s->html, "<td class=\"number\" data-name=\"%s\"><span>%lld</span></td>\n", name,
                 (long long)value);
}

static void cell_probe(const cfc_sheet_t *s, const cfc_node_view_t *node)
{
    cfc_html_add(s->html, "<td class=\"fact\" data-name=\"Last probe\"><div>");
    if (node->probe.at == 0) {
        cfc_html_add(s->html, "none yet");
    }
    else {
        cfc_html_add(s->html, "<bdi>%s</bdi><span class=\"soft\">%s, %d ms, ", node->probe.reason,
                     node->probe.good ? "good" : "bad", (int)node->probe.duration_ms);
        cfc_sheet_ago(s, node->probe.at);
        cfc_html_add(s->html, "</span>");
    }
    for (int i = 0; node->probes_count > 1 && i < node->probes_count; i++) {
        cfc_html_add(s->html, "<span class=\"soft\">%s: %s%s</span>", node->probes[i].name,
                     cfc_health_word(node->probes[i].health),
                     node->probes[i].required ? "" : ", advisory");
    }
    cell_end(s);
}

static void node_row(const cfc_sheet_t *s, const char *id, const cfc_node_view_t *node)
{
    cfc_html_add(s->html, "<tr id=\"%s\" data-live>\n<th scope=\"row\">%s<span class=\"soft\">%s"
                 "</span>", id, node->name, node->url);
    if (node->tier > 0) {
        cfc_html_add(s->html, "<span class=\"soft\">tier %d</span>", (int)node->tier);
    }
    cfc_html_add(s->html, "</th>\n");
    cell_word(s, "Gets", effective_class(node->effective), cfc_effective_word(node->effective));
    if (node->share_pct < 100) {
        cfc_html_add(s->html, "<span class=\"soft\">%d %% of its new sessions</span>",
                     node->share_pct);
    }
    cell_end(s);
    cell_word(s, "Admin", admin_class(node->admin), cfc_admin_word(node->admin));
    cfc_sheet_note(s, "by", &node->plan.note);
    cell_end(s);
    cell_word(s, "Health", health_class(node->health), cfc_health_word(node->health));
    if (node->cause != CFC_CAUSE_NONE) {
        cfc_html_add(s->html, "<span class=\"soft\">cause: %s</span>",
                     cfc_cause_word(node->cause));
    }
    if (node->health_at != 0) {
        cfc_html_add(s->html, "<span class=\"soft\">changed ");
        cfc_sheet_ago(s, node->health_at);
        cfc_html_add(s->html, "</span>");
    }
    cell_end(s);
    cell_probe(s, node);
    cell_number(s, "Sessions", node->sessions);
    cell_number(s, "In flight", (uint64_t)node->in_flight);
    cell_number(s, "Tunnels", (uint64_t)node->tunnels);
    cell_number(s, "Requests", node->attempts);
    cell_number(s, "2xx", node->by_class[2]);
    cell_number(s, "3xx", node->by_class[3]);
    cell_number(s, "4xx", node->by_class[4]);
    cell_number(s, "5xx", node->by_class[5]);
    cell_number(s, "No answer", node->by_class[0]);
    cfc_html_add(s->html, "</tr>\n");
}

static void node_orders(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster,
                        const cfc_node_view_t *node)
{
    cfc_html_add(s->html, "<tr><td class=\"orders\" colspan=\"14\">\n");
    cfc_sheet_form(s, cluster->name);
    cfc_sheet_hidden(s, "node", node->name);
    cfc_html_add(s->html, "<label>Reason for a change of %s\n<input name=\"reason\" "
                 "id=\"%s-reason\" maxlength=\"300\" autocomplete=\"off\"></label>\n"
                 "<div class=\"buttons\" id=\"%s-buttons\" role=\"group\" aria-label=\"%s\" "
                 "data-live>\n", node->name, id, id, node->name);
    cfc_sheet_button(s, id, "activate", "Activate", "", node->admin == CFC_ADMIN_ACTIVE,
           "In service: takes new users whenever its health allows");
    cfc_sheet_button(s, id, "drain", "Drain", "", node->admin == CFC_ADMIN_DRAIN,
           "Keeps its users, takes no new ones");
    cfc_sheet_button(s, id, "stop", "Stop", "grave", node->admin == CFC_ADMIN_STOP,
           "Gets no requests at all; its users move to other nodes");
    cfc_html_add(s->html, "</div>\n</form>\n</td></tr>\n");
}

void cfc_section_nodes(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    static const char *const heads[] = {"Node",      "Gets",     "Admin", "Health", "Last probe",
                                        "Sessions",  "In flight", "Tunnels", "Requests", "2xx",
                                        "3xx",       "4xx",       "5xx",     "No answer"};

    cfc_html_add(s->html, "<table>\n<thead><tr>");
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        cfc_html_add(s->html, "<th scope=\"col\" class=\"%s\">%s</th>",
                     i < NUMBERS_FROM ? "" : "number", heads[i]);
    }
    cfc_html_add(s->html, "</tr></thead>\n");
    for (int i = 0; i < cluster->nodes_count; i++) {
        const char *node_id = apr_psprintf(s->p, "%sn%d", id, i);

        cfc_html_add(s->html, "<tbody>\n");
        node_row(s, node_id, &cluster->nodes[i]);
        node_orders(s, node_id, cluster, &cluster->nodes[i]);
        cfc_html_add(s->html, "</tbody>\n");
    }
    cfc_html_add(s->html, "</table>\n");
}
