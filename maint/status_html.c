/* SPDX-License-Identifier: Apache-2.0
 * status_html.c: the status for people: what is on the page, in which order. Element ids are made
 * of positions: c0 is the first cluster, c0n1 its second node. */
#include <apr_strings.h>
#include <assert.h>

#include "maint/assets.h"
#include "maint/html.h"
#include "maint/sheet.h"
#include "maint/status_order.h"
#include "maint/text.h"

/* The sections of a cluster, in the order in which they stand on the page. */
static cfc_section_t *const sections[] = {
    cfc_section_head,
    cfc_section_walk,
    cfc_section_nodes,
    cfc_section_dependencies,
    cfc_section_gates,
    cfc_section_maintenance,
    cfc_section_testers,
};

static const char *level_class(cfc_level_t level)
{
    return level == CFC_LEVEL_OK       ? "good"
           : level == CFC_LEVEL_OUTAGE ? "bad"
                                       : "care";
}

/* The answer to the order just given. */
static const char *const answer_classes[] = {
    [CFC_OUTCOME_FAILED] = "bad",     [CFC_OUTCOME_BAD] = "care",
    [CFC_OUTCOME_FORBIDDEN] = "care", [CFC_OUTCOME_UNKNOWN] = "care",
    [CFC_OUTCOME_REFUSED] = "care",   [CFC_OUTCOME_CONFLICT] = "care",
    [CFC_OUTCOME_TIMEOUT] = "care",   [CFC_OUTCOME_BUSY] = "care",
    [CFC_OUTCOME_UNCHANGED] = "calm", [CFC_OUTCOME_DONE] = "good",
};
static_assert(sizeof(answer_classes) / sizeof(answer_classes[0]) == CFC_OUTCOME_COUNT, "one each");

static void answer(const cfc_sheet_t *s)
{
    const cfc_result_t *result = s->page->answer;

    if (result != NULL) {
        cfc_html_add(s->html, "<div class=\"answer %s\" role=\"%s\"><p>%s</p>\n",
                     answer_classes[result->outcome],
                     result->outcome < CFC_OUTCOME_UNCHANGED ? "alert" : "status", result->text);
        if (result->made != NULL) {
            cfc_tester_made_html(s->html, result->made, s->p);
        }
        cfc_html_add(s->html, "</div>\n");
    }
}

/* One line for each thing that is not as it should be. */
static void troubles(const cfc_sheet_t *s, const cfc_cluster_view_t *cluster)
{
    cfc_html_add(s->html, "<li>%s: %d of %d nodes serving</li>\n", cluster->name, cluster->serving,
                 cluster->nodes_count);
    for (int i = 0; i < cluster->nodes_count; i++) {
        if (cluster->nodes[i].effective < CFC_EFFECTIVE_WARMING) {
            cfc_html_add(s->html, "<li>%s is %s: <bdi>%s</bdi></li>\n", cluster->nodes[i].name,
                         cfc_effective_word(cluster->nodes[i].effective), cluster->nodes[i].why);
        }
    }
    for (int i = 0; i < cluster->warnings->nelts; i++) {
        cfc_html_add(s->html, "<li><bdi>%s</bdi></li>\n",
                     APR_ARRAY_IDX(cluster->warnings, i, const char *));
    }
}

/* One line for each thing that people have closed, or will. */
static void maintenances(const cfc_sheet_t *s, const cfc_cluster_view_t *cluster)
{
    if (cluster->closed) {
        cfc_html_add(s->html, "<li>%s is in maintenance</li>\n", cluster->name);
    }
    if (cluster->scheduled) {
        cfc_html_add(s->html, "<li>%s will be in maintenance from %s</li>\n", cluster->name,
                     cfc_time_iso(cluster->plan.at, s->p));
    }
    for (int i = 0; i < cluster->parts_count; i++) {
        const cfc_part_view_t *part = &cluster->parts[i];

        cfc_html_add(s->html, "<li><bdi>%s</bdi> of %s %s%s</li>\n", part->path, cluster->name,
                     part->closed ? "is in maintenance" : "will be in maintenance from ",
                     part->closed ? "" : cfc_time_iso(part->plan.at, s->p));
    }
}

static void overview(const cfc_sheet_t *s)
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
            troubles(s, &status->clusters[i]);
        }
        maintenances(s, &status->clusters[i]);
    }
    cfc_html_add(s->html, "</ul></div>\n");
}

static void cluster_section(const cfc_sheet_t *s, int index)
{
    const cfc_cluster_view_t *cluster = &s->status->clusters[index];
    const char *id = apr_psprintf(s->p, "c%d", index);

    cfc_html_add(s->html, "<section class=\"cluster\" aria-label=\"%s\">\n", cluster->name);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        sections[i](s, id, cluster);
    }
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

static void content(const cfc_sheet_t *s)
{
    answer(s);
    if (s->page->preview != NULL) {
        cfc_order_page(s);
        return;
    }
    overview(s);
    for (int i = 0; i < s->status->clusters_count; i++) {
        cluster_section(s, i);
    }
    cfc_event_list_html(s->html, &s->status->events, s->status->now, s->p);
}

const char *cfc_status_html(const cfc_status_t *status, const cfc_status_page_t *page,
                            apr_pool_t *p)
{
    cfc_sheet_t s = {.status = status, .page = page, .html = cfc_html_new(p), .p = p};
    cfc_fill_t fills[] = {
        {"title", apr_psprintf(p, "%s: cluster status", cfc_level_word(status->level)), NULL},
        {"base", page->base, NULL},
        {"shape", page->preview == NULL ? shape(status, p) : "", NULL},
        {"server", page->server, NULL},
        {"now", cfc_time_iso(status->now, p), NULL},
        {"generation", apr_psprintf(p, "%" APR_UINT64_T_FMT, (apr_uint64_t)status->generation),
         NULL},
        {"role", page->read_only ? "You may look, not change." : "", NULL},
        {"content", NULL, s.html},
        {NULL, NULL, NULL},
    };

    content(&s);
    return cfc_html_fill(cfc_asset_status_html, fills, p);
}
