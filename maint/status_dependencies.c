/* SPDX-License-Identifier: Apache-2.0
 * status_dependencies.c: see status_dependencies.h. Reads shared memory, changes nothing. */
#include "maint/status_dependencies.h"

#include <apr_strings.h>

#include "health/certificate.h"
#include "lb/segment.h"
#include "maint/json.h"
#include "maint/sheet.h"
#include "maint/status_order.h"
#include "maint/text.h"

/* --- looking --------------------------------------------------------------------------------- */

static void clean(char *text, size_t bytes, apr_pool_t *p)
{
    text[bytes - 1] = '\0';
    cfc_text_fit(text, bytes, cfc_text_clean(text, p));
}

static void hosts_look(const cfc_dependency_slot_t *slot, cfc_found_hosts_t *hosts, apr_pool_t *p)
{
    cfc_record_read(&slot->hosts, hosts, sizeof(*hosts));
    if (hosts->count < 0 || hosts->count > CFC_DB_HOSTS) {
        hosts->count = 0;
    }
    for (int i = 0; i < hosts->count; i++) {
        clean(hosts->hosts[i].host, sizeof(hosts->hosts[i].host), p);
    }
}

static void acknowledgement_look(apr_time_t now, cfc_dependency_view_t *view, apr_pool_t *p)
{
    cfc_subject_t subject = {.dependency = view->conf};
    cfc_kept_t kept;

    view->acknowledged = cfc_dependency_acknowledged(view->conf, now);
    if (cfc_kind_dependency.now(&subject, &kept)) {
        view->note = kept.plan.note;
        clean(view->note.who, sizeof(view->note.who), p);
        clean(view->note.text, sizeof(view->note.text), p);
    }
}

static void look(const cfc_dependency_t *conf, apr_time_t now, cfc_dependency_view_t *view,
                 apr_pool_t *p)
{
    view->conf = conf;
    cfc_dependency_look(conf, now, &view->found);
    clean(view->found.reason, sizeof(view->found.reason), p);
    cfc_record_read(&conf->slot->words, &view->words, sizeof(view->words));
    clean(view->words.version, sizeof(view->words.version), p);
    clean(view->words.source, sizeof(view->words.source), p);
    clean(view->words.missing, sizeof(view->words.missing), p);
    hosts_look(conf->slot, &view->hosts, p);
    acknowledgement_look(now, view, p);
    view->history = apr_pcalloc(p, sizeof(*view->history) * CFC_HISTORY_RESULTS);
    view->history_count = cfc_history_read(&conf->slot->history, view->history);
    for (int i = 0; i < view->history_count; i++) {
        clean(view->history[i].reason, sizeof(view->history[i].reason), p);
    }
}

cfc_dependency_view_t *cfc_dependencies_look(const cfc_cluster_t *cl, apr_time_t now,
                                             apr_array_header_t *warnings, apr_pool_t *p)
{
    int count = cl->dependencies->nelts;
    cfc_dependency_view_t *views = apr_pcalloc(p, sizeof(*views) * (size_t)(count + 1));

    for (int i = 0; i < count; i++) {
        look(cfc_cluster_dependencies(cl)[i], now, &views[i], p);
        if (views[i].found.state >= CFC_DEPENDENCY_WARNING && !views[i].acknowledged) {
            APR_ARRAY_PUSH(warnings, const char *) =
                apr_pstrcat(p, views[i].conf->name, ": ", views[i].found.reason, NULL);
        }
    }
    return views;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *number(int64_t value)
{
    return value != CFC_DB_NUMBER_UNKNOWN ? json_integer(value) : json_null();
}

/* To a tenth, which is as much as two looks can tell. */
static json_t *rate(double value)
{
    return value >= 0 ? json_real((double)(int64_t)(value * 10 + 0.5) / 10) : json_null();
}

static json_t *certificate_json(apr_time_t end, apr_time_t now, apr_int64_t days, apr_pool_t *p)
{
    if (end == 0) {
        return json_null();
    }
    return json_pack("{s:o, s:i, s:s}",
                     "expires", cfc_json_instant(end, p),
                     "days", cfc_certificate_days(end, now),
                     "state", cfc_certificate_word(cfc_certificate_judge(end, now, days)));
}

static json_t *hosts_json(const cfc_found_hosts_t *hosts)
{
    json_t *list = json_array();

    for (int i = 0; i < hosts->count; i++) {
        json_array_append_new(list, json_pack("{s:s, s:i}", "host", hosts->hosts[i].host,
                                              "count", (int)hosts->hosts[i].count));
    }
    return list;
}

static json_t *replication_json(const cfc_dependency_view_t *view, apr_pool_t *p)
{
    const cfc_found_t *found = &view->found;

    if (found->replica == CFC_TRUTH_NO && view->conf->of == NULL) {
        return json_null();
    }
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o}",
                     "source", cfc_json_text(view->words.source),
                     "io", cfc_truth_word(found->io),
                     "sql", cfc_truth_word(found->sql),
                     "in_sync", cfc_truth_word(found->in_sync),
                     "in_sync_at", cfc_json_instant(found->in_sync_at, p),
                     "lag_s", number(found->lag_s),
                     "delay_s", number(found->delay_s));
}

/* Of a look that read nothing, nothing. */
static json_t *database_json(const cfc_dependency_view_t *view, apr_pool_t *p)
{
    const cfc_found_t *found = &view->found;

    if (view->conf->kind != CFC_DEPENDENCY_MYSQL || !found->reached) {
        return json_null();
    }
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "version", cfc_json_text(view->words.version),
                     "read_only", cfc_truth_word(found->read_only),
                     "super_read_only", cfc_truth_word(found->super_read_only),
                     "is_replica", cfc_truth_word(found->replica),
                     "replication", replication_json(view, p),
                     "connections", number(found->connections),
                     "connections_elsewhere", number(found->elsewhere),
                     "hosts", hosts_json(&view->hosts),
                     "threads_connected", number(found->threads_connected),
                     "threads_running", number(found->threads_running),
                     "queries_per_s", rate(found->queries_per_s),
                     "slow_queries_per_s", rate(found->slow_per_s),
                     "bytes_in_per_s", rate(found->bytes_in_per_s),
                     "bytes_out_per_s", rate(found->bytes_out_per_s),
                     "missing_privileges", cfc_json_text(view->words.missing));
}

static json_t *history_json(const cfc_dependency_view_t *view, apr_pool_t *p)
{
    json_t *list = json_array();

    for (int i = 0; i < view->history_count; i++) {
        const cfc_probe_result_t *result = &view->history[i];

        json_array_append_new(list, json_pack("{s:o, s:b, s:i, s:o, s:o}",
                                              "at", cfc_json_instant(result->at, p),
                                              "good", result->good,
                                              "duration_ms", (int)result->duration_ms,
                                              "code", result->code != 0
                                                          ? json_integer(result->code)
                                                          : json_null(),
                                              "reason", cfc_json_text(result->reason)));
    }
    return list;
}

static json_t *acknowledged_json(const cfc_dependency_view_t *view, apr_pool_t *p)
{
    const cfc_note_t *note = &view->note;

    if (!view->acknowledged) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o}",
                     "who", cfc_json_text(note->who),
                     "since", cfc_json_instant(note->since, p),
                     "until", cfc_json_instant(note->until, p),
                     "reason", cfc_json_text(note->text));
}

static json_t *dependency_json(const cfc_dependency_view_t *view, apr_time_t now, apr_pool_t *p)
{
    const cfc_dependency_t *conf = view->conf;
    const cfc_found_t *found = &view->found;

    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o}",
                     "name", conf->name,
                     "kind", cfc_dependency_kind_word(conf->kind),
                     "address", conf->address,
                     "of", cfc_json_text(conf->of),
                     "state", cfc_dependency_state_word(found->state),
                     "since", cfc_json_instant(found->since, p),
                     "reason", cfc_json_text(found->reason),
                     "acknowledged", acknowledged_json(view, p),
                     "at", cfc_json_instant(found->at, p),
                     "duration_ms", (int)found->duration_ms,
                     "certificate", certificate_json(found->certificate_end, now,
                                                     conf->cert_days, p),
                     "database", database_json(view, p),
                     "history", history_json(view, p));
}

json_t *cfc_dependencies_json(const cfc_dependency_view_t *views, int count, apr_time_t now,
                              apr_pool_t *p)
{
    json_t *list = json_array();

    for (int i = 0; i < count; i++) {
        json_array_append_new(list, dependency_json(&views[i], now, p));
    }
    return list;
}

/* --- HTML ------------------------------------------------------------------------------------ */

static const char *const state_classes[] = {
    [CFC_DEPENDENCY_UNKNOWN] = "calm", [CFC_DEPENDENCY_OK] = "good",
    [CFC_DEPENDENCY_WARNING] = "care", [CFC_DEPENDENCY_ALARM] = "bad"};

static void number_cell(cfc_html_t *html, const char *name, bool known, int64_t value)
{
    if (known) {
        cfc_html_add(html, "<td class=\"number\" data-name=\"%s\">%lld</td>\n", name,
                     (long long)value);
    }
    else {
        cfc_html_add(html, "<td class=\"number\" data-name=\"%s\"></td>\n", name);
    }
}

/* A known trouble is not shown in the colour of one that somebody should see to. */
static const char *state_class(const cfc_dependency_view_t *view)
{
    int state = view->found.state;

    if (view->acknowledged || state < 0 || state >= CFC_DEPENDENCY_COUNT) {
        return state_classes[CFC_DEPENDENCY_UNKNOWN];
    }
    return state_classes[state];
}

static void acknowledged_lines(cfc_html_t *html, const cfc_dependency_view_t *view, apr_pool_t *p)
{
    if (!view->acknowledged) {
        return;
    }
    cfc_html_add(html, "<span class=\"soft\">acknowledged by <bdi>%s</bdi> until %s</span>",
                 view->note.who, cfc_time_iso(view->note.until, p));
    if (view->note.text[0] != '\0') {
        cfc_html_add(html, "<span class=\"soft\"><bdi>%s</bdi></span>", view->note.text);
    }
}

static void state_cell(const cfc_sheet_t *s, const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;

    cfc_html_add(s->html, "<td class=\"fact\" data-name=\"State\"><div>"
                 "<span class=\"word %s\">%s</span>", state_class(view),
                 cfc_dependency_state_word(found->state));
    if (found->since != 0) {
        cfc_html_add(s->html, "<span class=\"soft\">for %s</span>",
                     cfc_time_span(s->status->now - found->since, s->p));
    }
    acknowledged_lines(s->html, view, s->p);
    cfc_html_add(s->html, "</div></td>\n");
}

static void look_cell(const cfc_sheet_t *s, const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;

    cfc_html_add(s->html, "<td class=\"fact look\" data-name=\"Last look\"><div>");
    cfc_sheet_history(s, view->history, view->history_count);
    cfc_html_add(s->html, "<span><bdi>%s</bdi></span>", found->reason);
    if (found->at != 0) {
        cfc_html_add(s->html, "<span class=\"soft\">%s ago, %d ms</span>",
                     cfc_time_span(s->status->now - found->at, s->p), (int)found->duration_ms);
    }
    cfc_html_add(s->html, "</div></td>\n");
}

static void row(const cfc_sheet_t *s, const char *id, const cfc_cluster_view_t *cluster,
                const cfc_dependency_view_t *view)
{
    const cfc_found_t *found = &view->found;
    bool database = view->conf->kind == CFC_DEPENDENCY_MYSQL;

    cfc_html_add(s->html, "<tr><th scope=\"row\">%s<span class=\"soft\">%s</span></th>\n",
                 view->conf->name, view->conf->address);
    state_cell(s, view);
    look_cell(s, view);
    cfc_html_add(s->html, "<td class=\"fact\" data-name=\"In sync\">%s</td>\n",
                 view->conf->of != NULL ? cfc_truth_word(found->in_sync) : "");
    number_cell(s->html, "Connections", database && found->connections >= 0, found->connections);
    number_cell(s->html, "Queries/s", database && found->queries_per_s >= 0,
                (int64_t)(found->queries_per_s + 0.5));
    cfc_html_add(s->html, "<td class=\"orders\">");
    if (cfc_order_buttons(s, cluster->name, "dependency", view->conf->name)) {
        cfc_order_button(s, id, view->acknowledged ? "unack" : "ack", NULL, false);
        cfc_html_add(s->html, "</form>");
    }
    cfc_html_add(s->html, "</td></tr>\n");
}

void cfc_section_dependencies(const cfc_sheet_t *s, const char *id,
                              const cfc_cluster_view_t *cluster)
{
    if (cluster->dependencies_count == 0) {
        return;
    }
    cfc_html_add(s->html, "<table class=\"dependencies\">\n<thead><tr>"
                 "<th scope=\"col\">Depends on</th><th scope=\"col\">State</th>"
                 "<th scope=\"col\">Last look</th><th scope=\"col\">In sync</th>"
                 "<th scope=\"col\" class=\"number\">Connections</th>"
                 "<th scope=\"col\" class=\"number\">Queries/s</th>"
                 "<th scope=\"col\">Planned outage</th></tr></thead>\n"
                 "<tbody id=\"%s-dependencies\" data-live>\n", id);
    for (int i = 0; i < cluster->dependencies_count; i++) {
        row(s, apr_psprintf(s->p, "%sd%d", id, i), cluster, &cluster->dependencies[i]);
    }
    cfc_html_add(s->html, "</tbody>\n</table>\n");
}
