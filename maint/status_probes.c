/* SPDX-License-Identifier: Apache-2.0
 * status_probes.c: what the status says of the probes of a node: each one's standing, its last
 * results, the certificate it saw, and what of that needs a person. */
#include <apr_strings.h>

#include "health/certificate.h"
#include "health/probe.h"
#include "maint/status.h"
#include "maint/text.h"

static void reason_look(cfc_probe_result_t *result, apr_pool_t *p)
{
    result->reason[sizeof(result->reason) - 1] = '\0';
    cfc_text_fit(result->reason, sizeof(result->reason), cfc_text_clean(result->reason, p));
}

static void results_look(const cfc_probe_conf_t *conf, const cfc_probe_slot_t *slot, apr_time_t now,
                         cfc_probe_view_t *view, apr_pool_t *p)
{
    view->health = cfc_probe_health(slot, &view->cause);
    view->streak = (int)atomic_load(&slot->streak);
    view->rise = (int)atomic_load(&slot->rise);
    view->certificate_end = atomic_load(&slot->certificate_end);
    view->certificate = cfc_certificate_judge(view->certificate_end, now, conf->cert_days);
    view->history_count = cfc_history_read(&slot->history, view->history);
    for (int i = 0; i < view->history_count; i++) {
        reason_look(&view->history[i], p);
    }
}

static void probe_look(const cfc_cluster_t *cl, const cfc_node_t *node, int place, apr_time_t now,
                       cfc_probe_view_t *view, apr_pool_t *p)
{
    const cfc_probe_conf_t *conf = cfc_probe_at(cl, place);

    view->name = cfc_text_clean(conf->name, p);
    view->kind = cfc_probe_kinds[conf->kind];
    view->required = conf->role == CFC_ROLE_REQUIRED;
    view->timeout_ms = conf->timeout_ms;
    view->history = apr_pcalloc(p, sizeof(*view->history) * CFC_HISTORY_RESULTS);
    if (cfc_probe_is_of(node, conf, place)) {
        results_look(conf, &node->slot->probes[place], now, view, p);
    }
}

void cfc_status_probes(const cfc_cluster_t *cl, const cfc_node_t *node, apr_time_t now,
                       cfc_node_view_t *view, apr_pool_t *p)
{
    view->probes_count = cl->probes->nelts;
    view->probes = apr_pcalloc(p, sizeof(*view->probes) * (size_t)view->probes_count);
    for (int i = 0; i < view->probes_count; i++) {
        probe_look(cl, node, i, now, &view->probes[i], p);
    }
    view->deciding = (int)atomic_load(&node->slot->deciding);
    if (view->deciding >= view->probes_count) {
        view->deciding = 0;     /* of a configuration that had more of them */
    }
    view->streak = view->probes[view->deciding].streak;
    if (view->probes[view->deciding].history_count > 0) {
        view->probe = view->probes[view->deciding].history[0];
    }
}

static void warn(apr_array_header_t *warnings, const char *text)
{
    APR_ARRAY_PUSH(warnings, const char *) = text;
}

static void warn_of_probe(const cfc_node_view_t *node, const cfc_probe_view_t *probe,
                          apr_time_t now, apr_array_header_t *warnings, apr_pool_t *p)
{
    if (probe->certificate >= CFC_CERTIFICATE_ENDING) {
        warn(warnings, apr_psprintf(p, "the certificate of %s %s", node->name,
                                    cfc_certificate_text(probe->certificate_end, now, p)));
    }
    if (!probe->required && probe->health == CFC_HEALTH_DOWN) {
        warn(warnings, apr_psprintf(p, "the advisory probe %s of %s is down: %s", probe->name,
                                    node->name, probe->history_count > 0
                                                    ? probe->history[0].reason : ""));
    }
}

void cfc_status_probe_warnings(const cfc_node_view_t *node, apr_time_t now,
                               apr_array_header_t *warnings, apr_pool_t *p)
{
    for (int i = 0; i < node->probes_count; i++) {
        warn_of_probe(node, &node->probes[i], now, warnings, p);
    }
}
