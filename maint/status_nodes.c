/* SPDX-License-Identifier: Apache-2.0
 * status_nodes.c: the nodes of a cluster on the status page: of each a row of facts and numbers,
 * and one with orders and, folded up, its counters and probes. */
#include <apr_strings.h>

#include "maint/drains.h"
#include "maint/sheet.h"
#include "maint/status_order.h"
#include "maint/text.h"

static const struct {
    const char *head, *class, *title;
} columns[] = {
    {"Node", "", ""},
    {"Gets", "", "What it gets of the requests: follows from admin and health"},
    {"Admin", "", "What people want of it"},
    {"Health", "", "What its probes say of it; the last twenty of them"},
    {"Sessions", "number", "Users in the last half hour, estimated"},
    {"In flight", "number", "Requests at the node now"},
    {"Tunnels", "number", "Open WebSockets"},
    {"Req/s", "number", "Over the last ten seconds"},
    {"Errors", "number", "In the last minute: no answer, or 500 to 599"},
    {"p50 ms", "number", "Half of the answers began within this, in the last minutes"},
    {"p95 ms", "number", "95 % of the answers began within this"},
    {"p99 ms", "number", "99 % of the answers began within this"},
};
#define COLUMNS ((int)(sizeof(columns) / sizeof(columns[0])))

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

static void soft(const cfc_sheet_t *s, const char *text)
{
    cfc_html_add(s->html, "<span class=\"soft\">%s</span>", text);
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

static void cell_text(const cfc_sheet_t *s, const char *name, const char *text)
{
    cfc_html_add(s->html, "<td class=\"number\" data-name=\"%s\"><span>%s</span></td>\n", name,
                 text);
}

static void cell_number(const cfc_sheet_t *s, const char *name, uint64_t value)
{
    cell_text(s, name, apr_psprintf(s->p, "%" APR_UINT64_T_FMT, (apr_uint64_t)value));
}

static void cell_sessions(const cfc_sheet_t *s, const cfc_users_t *users)
{
    if (users->known_at == 0) {
        cell_number(s, "Sessions", users->sessions);
        return;
    }
    cfc_html_add(s->html, "<td class=\"number\" data-name=\"Sessions\"><span>%lld<span "
                 "class=\"soft\">so far</span></span></td>\n", (long long)users->sessions);
}

/* "0.4", "340"; what is not known is a dash, as wide as a number. */
static void cell_ms(const cfc_sheet_t *s, const char *name, const cfc_percentiles_t *spread,
                    apr_interval_time_t us)
{
    cell_text(s, name, spread->answers == 0 ? "\xe2\x80\x93"
                       : us < 10000         ? apr_psprintf(s->p, "%.1f", (double)us / 1000)
                                            : apr_psprintf(s->p, "%.0f", (double)us / 1000));
}

static void cell_rates(const cfc_sheet_t *s, const cfc_rates_view_t *rates)
{
    cell_text(s, "Req/s", !rates->known ? "\xe2\x80\x93"
                                        : apr_psprintf(s->p, rates->requests_per_s < 9.95 ? "%.1f"
                                                                                          : "%.0f",
                                                       rates->requests_per_s));
    if (!rates->known || rates->errors == 0) {
        cell_text(s, "Errors", rates->known ? "0" : "\xe2\x80\x93");
        return;
    }
    cfc_html_add(s->html, "<td class=\"number\" data-name=\"Errors\">"
                 "<span class=\"word care\">%lld</span></td>\n", (long long)rates->errors);
}

/* How the state that people set ends by itself. */
static void plan_lines(const cfc_sheet_t *s, const cfc_plan_t *plan)
{
    if (plan->at != 0) {
        soft(s, apr_psprintf(s->p, "stops in %s", cfc_time_span(plan->at - s->status->now, s->p)));
    }
    if (plan->how == CFC_RETURN_UNTIL) {
        soft(s, apr_psprintf(s->p, "active again in %s",
                             cfc_time_span(plan->note.until - s->status->now, s->p)));
    }
    if (plan->how == CFC_RETURN_RESTART) {
        soft(s, "active again when it was restarted and is up");
    }
}

static void cell_admin(const cfc_sheet_t *s, const cfc_node_view_t *node)
{
    cell_word(s, "Admin", admin_class(node->admin), cfc_admin_word(node->admin));
    cfc_sheet_note(s, "by", &node->plan.note);
    plan_lines(s, &node->plan);
    if (node->drain.since != 0) {
        soft(s, cfc_drain_text(&node->drain, s->p));
    }
    cell_end(s);
}

static void cell_health(const cfc_sheet_t *s, const cfc_node_view_t *node)
{
    const cfc_probe_view_t *probe = &node->probes[node->deciding];

    cell_word(s, "Health", health_class(node->health), cfc_health_word(node->health));
    cfc_sheet_history(s, probe->history, probe->history_count);
    if (node->probe.at == 0) {
        soft(s, "no probe has ended yet");
    }
    else {
        cfc_html_add(s->html, "<span class=\"soft\"><bdi>%s</bdi>, %d ms</span>",
                     node->probe.reason, (int)node->probe.duration_ms);
    }
    if (node->health_at != 0 && node->health != CFC_HEALTH_UP) {
        const char *span = cfc_time_span(s->status->now - node->health_at, s->p);

        soft(s, node->cause == CFC_CAUSE_NONE
                    ? apr_psprintf(s->p, "for %s", span)
                    : apr_psprintf(s->p, "for %s, cause: %s", span, cfc_cause_word(node->cause)));
    }
    if (node->ejected_until != 0) {
        soft(s, apr_psprintf(s->p, "ejected: its requests fail; tried again in %s",
                             cfc_time_span(node->ejected_until - s->status->now, s->p)));
    }
    cell_end(s);
}

static void node_row(const cfc_sheet_t *s, const char *id, const cfc_node_view_t *node)
{
    cfc_html_add(s->html, "<tr id=\"%s\" data-live>\n<th scope=\"row\">%s<span class=\"soft\">"
                 "<bdi>%s</bdi></span>", id, node->name, node->url);
    if (node->tier > 0) {
        soft(s, apr_psprintf(s->p, "tier %d", (int)node->tier));
    }
    cfc_html_add(s->html, "</th>\n");
    cell_word(s, "Gets", effective_class(node->effective), cfc_effective_word(node->effective));
    if (node->share_pct < 100) {
        soft(s, apr_psprintf(s->p, "%d %% of its new sessions", node->share_pct));
    }
    cell_end(s);
    cell_admin(s, node);
    cell_health(s, node);
    cell_sessions(s, &node->users);
    cell_number(s, "In flight", (uint64_t)node->in_flight);
    cell_number(s, "Tunnels", (uint64_t)node->tunnels);
    cell_rates(s, &node->rates);
    cell_ms(s, "p50 ms", &node->spread, node->spread.p50);
    cell_ms(s, "p95 ms", &node->spread, node->spread.p95);
    cell_ms(s, "p99 ms", &node->spread, node->spread.p99);
    cfc_html_add(s->html, "</tr>\n");
}

static void term(const cfc_sheet_t *s, const char *name, uint64_t value)
{
    cfc_html_add(s->html, "<div><dt>%s</dt><dd>%lld</dd></div>\n", name, (long long)value);
}

static void probe_line(const cfc_sheet_t *s, const cfc_probe_view_t *probe)
{
    cfc_html_add(s->html, "<li><b>%s</b> (%s, %s): %s", probe->name, probe->kind,
                 probe->required ? "required" : "advisory", cfc_health_word(probe->health));
    if (probe->history_count > 0) {
        cfc_html_add(s->html, "; <bdi>%s</bdi>, %d ms, ", probe->history[0].reason,
                     (int)probe->history[0].duration_ms);
        cfc_sheet_ago(s, probe->history[0].at);
    }
    if (probe->certificate != CFC_CERTIFICATE_NONE) {
        cfc_html_add(s->html, "; its certificate ends %s",
                     cfc_time_iso(probe->certificate_end, s->p));
    }
    cfc_html_add(s->html, "</li>\n");
}

static void more(const cfc_sheet_t *s, const char *id, const cfc_node_view_t *node)
{
    static const char *const classes[] = {"No answer", "1xx", "2xx", "3xx", "4xx", "5xx"};

    cfc_html_add(s->html, "<details><summary id=\"%s-summary\">Counters and probes of %s</summary>\n"
                 "<div id=\"%s-more\" data-live>\n<dl class=\"counters\">\n", id, node->name, id);
    term(s, "Requests", node->attempts);
    for (int i = 1; i <= 6; i++) {
        term(s, classes[i % 6], node->by_class[i % 6]);
    }
    term(s, "New sessions", node->new_sessions);
    term(s, "Not reached", node->connect_failures);
    term(s, "Retried elsewhere", node->retried);
    cfc_html_add(s->html, "</dl>\n<ul>\n");
    for (int i = 0; i < node->probes_count; i++) {
        probe_line(s, &node->probes[i]);
    }
    cfc_html_add(s->html, "</ul>\n</div></details>\n");
}

static void node_orders(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster,
                        const cfc_node_view_t *node)
{
    bool well = node->health == CFC_HEALTH_UP && node->ejected_until == 0;

    cfc_html_add(s->html, "<tr><td class=\"orders\" colspan=\"%d\">\n"
                 "<div id=\"%s-orders\" role=\"group\" aria-label=\"%s\" data-live>\n", COLUMNS, id,
                 node->name);
    if (cfc_order_buttons(s, cluster->name, "node", node->name)) {
        cfc_order_button(s, id, "activate", NULL, node->admin == CFC_ADMIN_ACTIVE);
        cfc_order_button(s, id, "drain", NULL, node->admin == CFC_ADMIN_DRAIN);
        cfc_order_button(s, id, "stop", NULL, node->admin == CFC_ADMIN_STOP);
        if (!well) {
            cfc_order_button(s, id, "recover", NULL, false);
        }
        cfc_html_add(s->html, "</form>\n");
    }
    cfc_html_add(s->html, "</div>\n");
    more(s, id, node);
    cfc_html_add(s->html, "</td></tr>\n");
}

void cfc_section_nodes(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    cfc_html_add(s->html, "<table class=\"nodes\">\n<thead><tr>");
    for (int i = 0; i < COLUMNS; i++) {
        cfc_html_add(s->html, "<th scope=\"col\" class=\"%s\" title=\"%s\">%s</th>",
                     columns[i].class, columns[i].title, columns[i].head);
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
