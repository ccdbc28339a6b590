/* SPDX-License-Identifier: Apache-2.0
 * status_html.c: the status for people. What stands in an element with data-live is replaced
 * by status.js when it changes; fields that people type into are outside of these. Element
 * ids are made of positions: c0 is the first cluster, c0n1 its second node. */
#include <apr_strings.h>

#include "maint/assets.h"
#include "maint/html.h"
#include "maint/status.h"
#include "maint/status_gates.h"
#include "maint/status_outages.h"
#include "maint/text.h"

#define NUMBERS_FROM 5      /* columns of the nodes' table: facts, then numbers */

typedef struct {
    const cfc_status_t *status;
    const cfc_status_page_t *page;
    cfc_html_t *html;
    apr_pool_t *p;
} sheet_t;

static const char *level_class(cfc_level_t level)
{
    return level == CFC_LEVEL_OK       ? "good"
           : level == CFC_LEVEL_OUTAGE ? "bad"
                                       : "care";
}

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

/* "3 min ago" with the instant behind it. */
static void ago(const sheet_t *s, apr_time_t at)
{
    const char *iso = cfc_time_iso(at, s->p);

    cfc_html_add(s->html, "<time datetime=\"%s\" title=\"%s\">%s ago</time>", iso, iso,
                 cfc_time_span(s->status->now - at, s->p));
}

/* Who, when and why, under a state that people set. */
static void note_lines(const sheet_t *s, const char *by, const cfc_note_t *note)
{
    if (note->since == 0) {
        return;
    }
    cfc_html_add(s->html, "<span class=\"soft\">%s <bdi>%s</bdi>, ", by, note->who);
    ago(s, note->since);
    cfc_html_add(s->html, "</span>");
    if (note->text[0] != '\0') {
        cfc_html_add(s->html, "<span class=\"soft\"><bdi>%s</bdi></span>", note->text);
    }
}

static void hidden(const sheet_t *s, const char *name, const char *value)
{
    cfc_html_add(s->html, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", name, value);
}

/* The first button of a form is the one that Enter in a field presses: a disabled one, so that
 * nothing is changed by a slip. */
static void form_begin(const sheet_t *s, const char *cluster)
{
    cfc_html_add(s->html, "<form method=\"post\" action=\"?\">\n"
                 "<button disabled hidden></button>\n");
    hidden(s, "csrf", s->page->token);
    hidden(s, "cluster", cluster);
}

/* The answer to the order just given, and if that was refused the way to insist. */
static const char *const answer_classes[] = {
    [CFC_OUTCOME_FAILED] = "bad",     [CFC_OUTCOME_BAD] = "care",
    [CFC_OUTCOME_FORBIDDEN] = "care", [CFC_OUTCOME_UNKNOWN] = "care",
    [CFC_OUTCOME_REFUSED] = "care",   [CFC_OUTCOME_UNCHANGED] = "calm",
    [CFC_OUTCOME_DONE] = "good",
};

static void answer(const sheet_t *s)
{
    const cfc_result_t *result = s->page->answer;
    const cfc_order_t *order = s->page->order;

    if (result == NULL) {
        return;
    }
    cfc_html_add(s->html, "<div class=\"answer %s\" role=\"%s\"><p>%s</p>\n",
                 answer_classes[result->outcome],
                 result->outcome < CFC_OUTCOME_UNCHANGED ? "alert" : "status", result->text);
    if (result->outcome == CFC_OUTCOME_REFUSED && order != NULL) {
        form_begin(s, order->cluster);
        hidden(s, "node", order->node);
        hidden(s, "reason", order->reason != NULL ? order->reason : "");
        hidden(s, "force", "1");
        cfc_html_add(s->html, "<button class=\"grave\" name=\"action\" value=\"%s\">Do it "
                     "nevertheless: %s %s</button>\n<a href=\"?\">Leave it</a>\n</form>\n",
                     order->action, order->action, order->node);
    }
    cfc_html_add(s->html, "</div>\n");
}

static void overview(const sheet_t *s)
{
    const cfc_status_t *status = s->status;

    cfc_html_add(s->html, "<div class=\"overview %s\" id=\"overview\" role=\"status\" data-live>"
                 "<p>%s</p>\n<ul>\n", level_class(status->level), status->text);
    if (status->monitor_silent && status->monitor_beat_at == 0) {
        cfc_html_add(s->html, "<li>The monitor has not begun yet: nothing is known of the nodes' "
                     "health.</li>\n");
    }
    else if (status->monitor_silent) {
        cfc_html_add(s->html, "<li>The monitor is silent since %s: health is as last known.</li>\n",
                     cfc_time_iso(status->monitor_beat_at, s->p));
    }
    if (status->store_trouble != NULL) {
        cfc_html_add(s->html, "<li>Changes are refused, because they could not be kept: %s</li>\n",
                     status->store_trouble);
    }
    for (int i = 0; i < status->clusters_count; i++) {
        if (status->clusters[i].level != CFC_LEVEL_OK) {
            cfc_html_add(s->html, "<li><b>%s</b>: <bdi>%s</bdi></li>\n", status->clusters[i].name,
                         status->clusters[i].text);
        }
    }
    cfc_html_add(s->html, "</ul></div>\n");
}

static void cell_word(const sheet_t *s, const char *name, const char *class, const char *word)
{
    cfc_html_add(s->html, "<td class=\"fact\" data-name=\"%s\"><div>"
                 "<span class=\"word %s\">%s</span>", name, class, word);
}

static void cell_end(const sheet_t *s)
{
    cfc_html_add(s->html, "</div></td>\n");
}

static void cell_number(const sheet_t *s, const char *name, uint64_t value)
{
    cfc_html_add(s->html, "<td class=\"number\" data-name=\"%s\"><span>%lld</span></td>\n", name,
                 (long long)value);
}

static void cell_probe(const sheet_t *s, const cfc_node_view_t *node)
{
    cfc_html_add(s->html, "<td class=\"fact\" data-name=\"Last probe\"><div>");
    if (node->probe.at == 0) {
        cfc_html_add(s->html, "none yet");
    }
    else {
        cfc_html_add(s->html, "<bdi>%s</bdi><span class=\"soft\">%s, %d ms, ", node->probe.reason,
                     node->probe.good ? "good" : "bad", (int)node->probe.duration_ms);
        ago(s, node->probe.at);
        cfc_html_add(s->html, "</span>");
    }
    for (int i = 0; node->probes_count > 1 && i < node->probes_count; i++) {
        cfc_html_add(s->html, "<span class=\"soft\">%s: %s%s</span>", node->probes[i].name,
                     cfc_health_word(node->probes[i].health),
                     node->probes[i].required ? "" : ", advisory");
    }
    cell_end(s);
}

static void node_row(const sheet_t *s, const char *id, const cfc_node_view_t *node)
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
    note_lines(s, "by", &node->plan.note);
    cell_end(s);
    cell_word(s, "Health", health_class(node->health), cfc_health_word(node->health));
    if (node->cause != CFC_CAUSE_NONE) {
        cfc_html_add(s->html, "<span class=\"soft\">cause: %s</span>",
                     cfc_cause_word(node->cause));
    }
    if (node->health_at != 0) {
        cfc_html_add(s->html, "<span class=\"soft\">changed ");
        ago(s, node->health_at);
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

static void button(const sheet_t *s, const char *id, const char *action, const char *label,
                   const char *class, bool pressed, const char *means)
{
    cfc_html_add(s->html, "<button id=\"%s-%s\" class=\"%s\" name=\"action\" value=\"%s\" "
                 "aria-pressed=\"%s\" title=\"%s\">%s</button>\n",
                 id, action, class, action, pressed ? "true" : "false", means, label);
}

static void node_orders(const sheet_t *s, const char *id, const cfc_cluster_view_t *cluster,
                        const cfc_node_view_t *node)
{
    cfc_html_add(s->html, "<tr><td class=\"orders\" colspan=\"14\">\n");
    form_begin(s, cluster->name);
    hidden(s, "node", node->name);
    cfc_html_add(s->html, "<label>Reason for a change of %s\n<input name=\"reason\" "
                 "id=\"%s-reason\" maxlength=\"300\" autocomplete=\"off\"></label>\n"
                 "<div class=\"buttons\" id=\"%s-buttons\" role=\"group\" aria-label=\"%s\" "
                 "data-live>\n", node->name, id, id, node->name);
    button(s, id, "activate", "Activate", "", node->admin == CFC_ADMIN_ACTIVE,
           "In service: takes new users whenever its health allows");
    button(s, id, "drain", "Drain", "", node->admin == CFC_ADMIN_DRAIN,
           "Keeps its users, takes no new ones");
    button(s, id, "stop", "Stop", "grave", node->admin == CFC_ADMIN_STOP,
           "Gets no requests at all; its users move to other nodes");
    cfc_html_add(s->html, "</div>\n</form>\n</td></tr>\n");
}

static void field(const sheet_t *s, const char *id, const char *name, const char *label,
                  const char *class, const char *value, const char *hint)
{
    cfc_html_add(s->html, "<label class=\"%s\">%s\n<input name=\"%s\" id=\"%s-%s\" value=\"%s\" "
                 "placeholder=\"%s\" maxlength=\"300\" autocomplete=\"off\"></label>\n",
                 class, label, name, id, name, value, hint);
}

static void maintenance(const sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    const cfc_note_t *note = &cluster->plan.note;
    bool closed = cluster->closed, set = closed || cluster->scheduled;

    cfc_html_add(s->html, "<div class=\"closing\">\n");
    form_begin(s, cluster->name);
    field(s, id, "message", "Maintenance: message for users", "", set ? note->text : "",
          "We are installing an update.");
    if (!closed) {
        field(s, id, "from", "Begin (empty: now)", "short",
              set ? cfc_time_iso(cluster->plan.at, s->p) : "", "2h, or 2026-01-31T20:00Z");
    }
    field(s, id, "until", "Planned end", "short",
          set && note->until ? cfc_time_iso(note->until, s->p) : "", "2h, or 2026-01-31T22:00Z");
    cfc_html_add(s->html, "<label class=\"short\">Ends\n<select name=\"end\" id=\"%s-end\">"
                 "<option value=\"ordered\">when somebody ends it</option>"
                 "<option value=\"by-itself\"%s>at the planned end, by itself</option>"
                 "</select></label>\n", id,
                 set && cluster->plan.how == CFC_END_BY_ITSELF ? " selected" : "");
    cfc_html_add(s->html, "<div class=\"buttons\" id=\"%s-closing\" data-live>\n", id);
    button(s, id, "maintenance-on",
           closed ? "Change the message" : set ? "Change the plan" : "Begin maintenance",
           closed ? "" : "grave", false,
           "All users see the maintenance page at once, or from its begin");
    cfc_html_add(s->html, "</div>\n</form>\n<div id=\"%s-opening\" data-live>", id);
    if (set) {
        form_begin(s, cluster->name);
        button(s, id, "maintenance-off", closed ? "End maintenance" : "Cancel maintenance", "",
               false, "All users come to the nodes again at once");
        cfc_html_add(s->html, "</form>");
    }
    cfc_html_add(s->html, "</div>\n</div>\n");
}

static void cluster_head(const sheet_t *s, const char *id, const cfc_cluster_view_t *cluster)
{
    cfc_html_add(s->html, "<div class=\"head\" id=\"%s-head\" data-live>\n<h2>%s</h2>\n"
                 "<span class=\"word %s\">%s</span>\n<span>%d of %d nodes serving</span>\n", id,
                 cluster->name, cluster->closed || cluster->scheduled ? "care" : "calm",
                 cluster->closed      ? "maintenance"
                 : cluster->scheduled ? "scheduled"
                                      : "open",
                 cluster->serving, cluster->nodes_count);
    cfc_html_add(s->html, "<span class=\"soft\">%lld requests answered with a maintenance or "
                 "outage page</span>\n", (long long)cluster->refused);
    if (cluster->scheduled) {
        cfc_html_add(s->html, "<span class=\"soft\">maintenance from %s</span>",
                     cfc_time_iso(cluster->plan.at, s->p));
    }
    if (cluster->closed || cluster->scheduled) {
        note_lines(s, cluster->closed ? "closed by" : "scheduled by", &cluster->plan.note);
        if (cluster->plan.note.until != 0) {
            cfc_html_add(s->html, "<span class=\"soft\">planned end %s</span>",
                         cfc_time_iso(cluster->plan.note.until, s->p));
        }
    }
    cfc_html_add(s->html, "</div>\n");
}

static void cluster_section(const sheet_t *s, int index)
{
    static const char *const heads[] = {"Node",      "Gets",     "Admin", "Health", "Last probe",
                                        "Sessions",  "In flight", "Tunnels", "Requests", "2xx",
                                        "3xx",       "4xx",       "5xx",     "No answer"};
    const cfc_cluster_view_t *cluster = &s->status->clusters[index];
    const char *id = apr_psprintf(s->p, "c%d", index);

    cfc_html_add(s->html, "<section class=\"cluster\" aria-label=\"%s\">\n", cluster->name);
    cluster_head(s, id, cluster);
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
    cfc_dependencies_html(s->html, id, cluster->dependencies, cluster->dependencies_count,
                          s->status->now, s->p);
    cfc_outages_html(s->html, id, s->page->token, cluster);
    cfc_gates_html(s->html, id, s->status, cluster, s->p);
    maintenance(s, id, cluster);
    cfc_html_add(s->html, "</section>\n");
}

/* The names of everything in their order: a page whose shape changed must be loaded anew. */
static const char *shape(const cfc_status_t *status, apr_pool_t *p)
{
    const char *names = "";

    for (int i = 0; i < status->clusters_count; i++) {
        names = apr_pstrcat(p, names, status->clusters[i].name, ":", NULL);
        for (int j = 0; j < status->clusters[i].nodes_count; j++) {
            names = apr_pstrcat(p, names, status->clusters[i].nodes[j].name, ",", NULL);
        }
        for (int j = 0; j < status->clusters[i].dependencies_count; j++) {
            names = apr_pstrcat(p, names, status->clusters[i].dependencies[j].conf->name, ",",
                                NULL);
        }
    }
    return names;
}

static cfc_html_t *made_by(sheet_t *s, void (*part)(const sheet_t *))
{
    s->html = cfc_html_new(s->p);
    part(s);
    return s->html;
}

static void cluster_sections(const sheet_t *s)
{
    for (int i = 0; i < s->status->clusters_count; i++) {
        cluster_section(s, i);
    }
}

static void events(const sheet_t *s)
{
    cfc_event_list_html(s->html, &s->status->events, s->status->now, s->p);
}

const char *cfc_status_html(const cfc_status_t *status, const cfc_status_page_t *page,
                            apr_pool_t *p)
{
    sheet_t s = {.status = status, .page = page, .p = p};
    cfc_fill_t fills[] = {
        {"title", apr_psprintf(p, "%s: cluster status", cfc_level_word(status->level)), NULL},
        {"base", page->base, NULL},
        {"shape", shape(status, p), NULL},
        {"server", page->server, NULL},
        {"now", cfc_time_iso(status->now, p), NULL},
        {"generation", apr_psprintf(p, "%" APR_UINT64_T_FMT, (apr_uint64_t)status->generation),
         NULL},
        {"answer", NULL, made_by(&s, answer)},
        {"overview", NULL, made_by(&s, overview)},
        {"clusters", NULL, made_by(&s, cluster_sections)},
        {"events", NULL, made_by(&s, events)},
        {NULL, NULL, NULL},
    };

    return cfc_html_fill(cfc_asset_status_html, fills, p);
}
