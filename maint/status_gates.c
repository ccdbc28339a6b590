/* SPDX-License-Identifier: Apache-2.0
 * status_gates.c: see status_gates.h. */
#include "maint/status_gates.h"

#include "maint/json.h"
#include "maint/sheet.h"

static const char *const classes[] = {
    [CFC_GATE_NOT_MET] = "care", [CFC_GATE_UNKNOWN] = "calm", [CFC_GATE_MET] = "good"};

static const char *const labels[] = {
    [CFC_GATE_NOT_MET] = "not met", [CFC_GATE_UNKNOWN] = "unknown", [CFC_GATE_MET] = "met"};

static json_t *gate_json(const cfc_gate_view_t *view, apr_pool_t *p)
{
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:b}",
                     "gate", view->gate,
                     "argument", cfc_json_text(view->argument),
                     "verdict", cfc_gate_verdict_word(view->verdict),
                     "evidence", cfc_json_text(view->evidence),
                     "advice", cfc_json_text(view->advice),
                     "at", cfc_json_instant(view->at, p),
                     "stale", (int)view->stale);
}

json_t *cfc_gates_json(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                       apr_pool_t *p)
{
    apr_array_header_t *views = cfc_gates_look(status, cluster, p);
    json_t *list = json_array();

    for (int i = 0; i < views->nelts; i++) {
        json_array_append_new(list, gate_json(&APR_ARRAY_IDX(views, i, cfc_gate_view_t), p));
    }
    return list;
}

const char *cfc_gate_json(const cfc_status_t *status, const cfc_cluster_view_t *cluster,
                          const cfc_gate_view_t *view, apr_pool_t *p)
{
    json_t *json = gate_json(view, p);

    json_object_set_new(json, "version", json_integer(1));
    json_object_set_new(json, "now", cfc_json_instant(status->now, p));
    json_object_set_new(json, "generation", json_integer((json_int_t)status->generation));
    json_object_set_new(json, "cluster", cfc_json_text(cluster->name));
    return cfc_json_dump(json, p);
}

static void row(cfc_html_t *html, const cfc_gate_view_t *view)
{
    cfc_html_add(html, "<tr><th scope=\"row\">%s%s%s</th>\n"
                 "<td class=\"fact\" data-name=\"Met\"><span class=\"word %s\">%s</span></td>\n"
                 "<td data-name=\"Evidence\"><bdi>%s</bdi>", view->gate,
                 view->argument != NULL ? ":" : "", view->argument != NULL ? view->argument : "",
                 classes[view->verdict], labels[view->verdict], view->evidence);
    if (view->advice != NULL) {
        cfc_html_add(html, "<span class=\"soft\">%s</span>", view->advice);
    }
    cfc_html_add(html, "</td></tr>\n");
}

void cfc_section_gates(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    apr_array_header_t *views = cfc_gates_look(s->status, cluster, s->p);

    cfc_html_add(s->html, "<details class=\"gates\">\n<summary>Upgrade gates</summary>\n"
                 "<table class=\"dependencies\">\n<thead><tr><th scope=\"col\">Gate</th>"
                 "<th scope=\"col\">Met</th><th scope=\"col\">Evidence</th></tr></thead>\n"
                 "<tbody id=\"%s-gates\" data-live>\n", id);
    for (int i = 0; i < views->nelts; i++) {
        row(s->html, &APR_ARRAY_IDX(views, i, cfc_gate_view_t));
    }
    cfc_html_add(s->html, "</tbody>\n</table>\n</details>\n");
}
