/* SPDX-License-Identifier: Apache-2.0
 * status_order.c: see status_order.h. What an order does to users is told from the status, as far
 * as numbers go; whether it is refused is judge.c's to say. */
#include "maint/status_order.h"

#include <apr_strings.h>
#include <string.h>

#include "maint/kept.h"
#include "maint/text.h"

/* An order's page and what it is about. */
typedef struct {
    const cfc_sheet_t *s;
    const cfc_preview_t *preview;
    const cfc_cluster_view_t *cluster;
    const cfc_node_view_t *node;                /* NULL: it is not about one */
    const cfc_dependency_view_t *dependency;    /* likewise */
    const cfc_tester_view_t *tester;            /* likewise */
    const cfc_part_view_t *part;                /* NULL: it is not about a path that is closed */
} page_t;

/* --- what it would do ------------------------------------------------------------------------ */

static const char *number_of(uint64_t count, const char *one, const char *many, apr_pool_t *p)
{
    return count == 1 ? one
                      : apr_psprintf(p, "About %" APR_UINT64_T_FMT " %s", (apr_uint64_t)count, many);
}

static void line(const page_t *page, const char *text)
{
    cfc_html_add(page->s->html, "<li>%s</li>\n", text);
}

/* "node2, node3": the others that get from least to most. NULL: there is none. */
static const char *others_that_get(const page_t *page, cfc_effective_t least, cfc_effective_t most)
{
    const char *names = NULL;

    for (int i = 0; i < page->cluster->nodes_count; i++) {
        const cfc_node_view_t *node = &page->cluster->nodes[i];

        if (node != page->node && node->effective >= least && node->effective <= most) {
            names = names == NULL ? node->name
                                  : apr_pstrcat(page->s->p, names, ", ", node->name, NULL);
        }
    }
    return names;
}

/* Who takes new users instead. NULL: nobody. */
static const char *others(const page_t *page)
{
    const char *names = others_that_get(page, CFC_EFFECTIVE_WARMING, CFC_EFFECTIVE_SERVING);

    if (names != NULL) {
        return names;
    }
    names = others_that_get(page, CFC_EFFECTIVE_LAST_RESORT, CFC_EFFECTIVE_LAST_RESORT);
    return names == NULL ? NULL : apr_pstrcat(page->s->p, names, " as a last resort", NULL);
}

/* What becomes of its sessions, as one and as many. */
static void tell_sessions(const page_t *page, const char *one, const char *many)
{
    const cfc_users_t *users = &page->node->users;
    apr_pool_t *p = page->s->p;

    line(page, users->sessions == 0 && users->known_at == 0
                   ? "It has no session."
                   : number_of(users->sessions, one, many, p));
    if (users->known_at != 0) {
        line(page, apr_psprintf(p, "It may have more sessions: not all are known until %s, since "
                                "httpd was started only lately.",
                                cfc_time_iso(users->known_at, p)));
    }
}

static void tell_tunnels(const page_t *page, int count, bool stay)
{
    apr_pool_t *p = page->s->p;

    if (count > 0) {
        line(page, apr_psprintf(p, "%d open tunnel%s (WebSocket%s) %s%s%s.", count,
                                count == 1 ? "" : "s", count == 1 ? "" : "s",
                                stay ? "stay" : "end", count == 1 ? "s" : "",
                                stay ? "" : apr_pstrcat(p, " within ", page->preview->tunnels_end,
                                                        "; browsers open another one", NULL)));
    }
}

static void tell_drain(const page_t *page)
{
    apr_pool_t *p = page->s->p;
    const char *to = others(page);

    tell_sessions(page, "1 session stays until it ends.", "sessions stay until they end.");
    if (to != NULL) {
        line(page, apr_psprintf(p, "New users go to %s.", to));
    }
    if (to != NULL && page->preview->rehome != NULL) {
        line(page, apr_psprintf(p, "So does whoever opens a page after a pause of %s.",
                                page->preview->rehome));
    }
    tell_tunnels(page, page->node->tunnels, true);
}

static void tell_stop(const page_t *page)
{
    apr_pool_t *p = page->s->p;
    const char *to = others(page);

    to = to != NULL ? to : "the outage page";
    tell_sessions(page, apr_psprintf(p, "1 session moves to %s at the next click.", to),
                  apr_psprintf(p, "sessions move to %s at the next click.", to));
    if (page->node->in_flight > 0) {
        line(page, apr_psprintf(p, "%d request%s at the node %s finished.", page->node->in_flight,
                                page->node->in_flight == 1 ? "" : "s",
                                page->node->in_flight == 1 ? "is" : "are"));
    }
    tell_tunnels(page, page->node->tunnels, false);
}

static void tell_activate(const page_t *page)
{
    const cfc_health_t health = page->node->health;

    if (health == CFC_HEALTH_UP || health == CFC_HEALTH_FAILING) {
        line(page, "It takes new users.");
        return;
    }
    line(page, apr_psprintf(page->s->p, "Its health is %s: it takes new users when it is up.",
                            cfc_health_word(health)));
}

static void tell_recover(const page_t *page)
{
    line(page, "It is probed at once. If it was ejected for failed requests, it no longer is.");
}

/* What is in force of what a maintenance order is about. */
static bool is_closed(const page_t *page)
{
    return page->preview->path != NULL ? page->part != NULL && page->part->closed
                                       : page->cluster->closed;
}

static bool is_scheduled(const page_t *page)
{
    return page->preview->path != NULL ? page->part != NULL && !page->part->closed
                                       : page->cluster->scheduled;
}

static void tell_closing(const page_t *page)
{
    uint64_t sessions = 0;
    int tunnels = 0;

    if (is_closed(page)) {
        line(page, "Users read the new message at once.");
        return;
    }
    if (page->preview->path != NULL) {
        line(page, apr_psprintf(page->s->p, "Users see the maintenance page at %s and below, at "
                                "once or from its begin. The rest stays as it is.",
                                page->preview->path));
        return;
    }
    for (int i = 0; i < page->cluster->nodes_count; i++) {
        sessions += page->cluster->nodes[i].users.sessions;
        tunnels += page->cluster->nodes[i].tunnels;
    }
    line(page, "All users but testers see the maintenance page, at once or from its begin.");
    if (sessions > 0) {
        line(page, number_of(sessions, "1 session is interrupted.", "sessions are interrupted.",
                             page->s->p));
    }
    tell_tunnels(page, tunnels, false);
}

static void tell_opening(const page_t *page)
{
    if (is_scheduled(page)) {
        line(page, "The maintenance does not begin.");
        return;
    }
    if (page->preview->path != NULL) {
        line(page, "Users come to this path again at once, unless the whole cluster is closed.");
        return;
    }
    line(page, page->cluster->serving == 0
                   ? "No node is serving: all users see the outage page."
                   : apr_psprintf(page->s->p, "All users come to the nodes again at once; %d of "
                                  "%d are serving.", page->cluster->serving,
                                  page->cluster->nodes_count));
}

static void tell_ack(const page_t *page)
{
    line(page, "Until the time that you give it may fail, and is no alarm. It is looked at as "
               "before.");
}

static void tell_unack(const page_t *page)
{
    line(page, apr_psprintf(page->s->p, "When it is not well it is an alarm again. Now it is at "
                            "%s.", cfc_dependency_state_word(page->dependency->found.state)));
}

static void tell_link(const page_t *page)
{
    line(page, apr_psprintf(page->s->p, "Whoever opens the link within an hour reaches %s, through "
                            "its stop and a maintenance, and no other node. Users notice nothing.",
                            page->node->name));
}

static void tell_revoke(const page_t *page)
{
    line(page, apr_psprintf(page->s->p, "Whoever opened it is no tester of %s any more, from the "
                            "next click on.", page->tester->node));
}

/* --- what can be said with it ---------------------------------------------------------------- */

static const char *text_of(const char *value)
{
    return value != NULL ? value : "";
}

static const char *instant(const page_t *page, apr_time_t at)
{
    return at != 0 ? cfc_time_iso(at, page->s->p) : "";
}

/* A value that was sent goes before one that is in force. */
static const char *or_else(const char *sent, const char *is)
{
    return sent != NULL ? sent : is;
}

static void field(const page_t *page, const char *name, const char *label, const char *value,
                  const char *hint)
{
    cfc_sheet_field(page->s, "order", name, label, value, hint);
}

static void reason(const page_t *page)
{
    cfc_html_add(page->s->html,
                 "<label>Reason\n<input name=\"reason\" id=\"order-reason\" value=\"%s\" "
                 "placeholder=\"for the next person who looks\" maxlength=\"300\" "
                 "autocomplete=\"off\" autofocus></label>\n", text_of(page->s->page->order->reason));
}

/* The plan in force if the order is to change it, else an empty one. */
static cfc_plan_t plan_of(const page_t *page, cfc_admin_t state)
{
    return page->node->admin == state ? page->node->plan : (cfc_plan_t){.at = 0};
}

/* The state's ordinary end goes as an empty value: then a time alone says all. */
static void choice(const page_t *page, const char *name, const char *label,
                   const char *const *values, const char *const *labels, const char *chosen)
{
    cfc_html_add(page->s->html, "<label>%s\n<select name=\"%s\" id=\"order-%s\">\n", label, name,
                 name);
    for (int i = 0; labels[i] != NULL; i++) {
        if (strcmp(values[i], chosen) == 0) {
            cfc_html_add(page->s->html, "<option value=\"%s\" selected>%s</option>\n", values[i],
                         labels[i]);
        }
        else {
            cfc_html_add(page->s->html, "<option value=\"%s\">%s</option>\n", values[i],
                         labels[i]);
        }
    }
    cfc_html_add(page->s->html, "</select></label>\n");
}

static void returns(const page_t *page, const cfc_plan_t *plan)
{
    static const char *const values[] = {"", "restart", "until"};
    static const char *const labels[] = {"when somebody activates it",
                                         "when it was restarted and is up", "at the time below", NULL};
    const cfc_order_t *order = page->s->page->order;

    choice(page, "return", "Active again", values, labels,
           or_else(order->comes_back, plan->how <= CFC_RETURN_RESTART
                                          ? (const char *const[]){"", "until", "restart"}[plan->how]
                                          : ""));
    field(page, "until", "At the time", or_else(order->until, instant(page, plan->note.until)),
          "2h, or 2026-01-31T22:00Z");
}

static void ask_drain(const page_t *page)
{
    cfc_plan_t plan = plan_of(page, CFC_ADMIN_DRAIN);

    reason(page);
    field(page, "deadline", "Stop it at (empty: never)",
          or_else(page->s->page->order->deadline, instant(page, plan.at)),
          "30m, or 2026-01-31T22:00Z");
    returns(page, &plan);
}

static void ask_stop(const page_t *page)
{
    cfc_plan_t plan = plan_of(page, CFC_ADMIN_STOP);

    reason(page);
    returns(page, &plan);
}

static void ask_closing(const page_t *page)
{
    static const char *const values[] = {"ordered", "by-itself"};
    static const char *const labels[] = {"when somebody ends it", "at the planned end, by itself",
                                         NULL};
    const cfc_plan_t *plan = page->part != NULL ? &page->part->plan : &page->cluster->plan;
    const cfc_order_t *order = page->s->page->order;
    bool set = is_closed(page) || is_scheduled(page);

    cfc_html_add(page->s->html,
                 "<label>Message for users\n<input name=\"message\" id=\"order-message\" "
                 "value=\"%s\" placeholder=\"We are installing an update.\" maxlength=\"300\" "
                 "autocomplete=\"off\" autofocus></label>\n",
                 or_else(order->message, set ? plan->note.text : ""));
    if (!is_closed(page)) {
        field(page, "from", "Begin (empty: now)",
              or_else(order->from, is_scheduled(page) ? instant(page, plan->at) : ""),
              "2h, or 2026-01-31T20:00Z");
    }
    field(page, "until", "Planned end", or_else(order->until, set ? instant(page, plan->note.until)
                                                                  : ""),
          "2h, or 2026-01-31T22:00Z");
    choice(page, "end", "Ends", values, labels,
           or_else(order->end, set && plan->how == CFC_END_BY_ITSELF ? "by-itself" : "ordered"));
    if (page->preview->path == NULL && !set) {
        field(page, "path", "Path only (empty: everything)", "", "/synchrony");
    }
}

static void ask_ack(const page_t *page)
{
    reason(page);
    field(page, "until", "Until", text_of(page->s->page->order->until), "4h, or 2026-01-31T22:00Z");
}

static void ask_link(const page_t *page)
{
    reason(page);
    field(page, "until", "Testers until", or_else(page->s->page->order->until, "2h"),
          "2h, or 2026-01-31T22:00Z");
}

/* --- the page -------------------------------------------------------------------------------- */

static const struct {
    const char *action;
    const char *label;          /* of the button; what it is about may follow */
    const char *class;
    void (*tell)(const page_t *page);
    void (*ask)(const page_t *page);    /* NULL: nothing can be said with it */
} orders[] = {
    {"activate", "Activate", "", tell_activate, reason},
    {"drain", "Drain", "", tell_drain, ask_drain},
    {"stop", "Stop", "grave", tell_stop, ask_stop},
    {"recover", "Probe now", "", tell_recover, reason},
    {"maintenance-on", "Begin maintenance", "grave", tell_closing, ask_closing},
    {"maintenance-off", "End maintenance", "", tell_opening, NULL},
    {"ack", "Acknowledge", "", tell_ack, ask_ack},
    {"unack", "Watch again", "", tell_unack, reason},
    {"tester-link", "Link for testers of", "", tell_link, ask_link},
    {"tester-revoke", "Revoke link", "", tell_revoke, reason},
};
#define ORDERS ((int)(sizeof(orders) / sizeof(orders[0])))

static int order_find(const char *action)
{
    int i = 0;

    while (i < ORDERS && strcmp(orders[i].action, action) != 0) {
        i++;
    }
    return i;
}

bool cfc_order_page_known(const char *action)
{
    return order_find(action) < ORDERS;
}

/* @return false: it has gone since the order was looked at */
static bool views_find(page_t *page)
{
    const cfc_status_t *status = page->s->status;

    for (int i = 0; i < status->clusters_count; i++) {
        if (strcmp(status->clusters[i].name, page->preview->cluster) == 0) {
            page->cluster = &status->clusters[i];
        }
    }
    for (int i = 0; page->cluster != NULL && i < page->cluster->nodes_count; i++) {
        if (page->preview->node != NULL
            && strcmp(page->cluster->nodes[i].name, page->preview->node) == 0) {
            page->node = &page->cluster->nodes[i];
        }
    }
    for (int i = 0; page->cluster != NULL && i < page->cluster->dependencies_count; i++) {
        if (page->preview->dependency != NULL
            && strcmp(page->cluster->dependencies[i].conf->name, page->preview->dependency) == 0) {
            page->dependency = &page->cluster->dependencies[i];
        }
    }
    for (int i = 0; page->cluster != NULL && i < page->cluster->testers_count; i++) {
        if (page->preview->tester != NULL
            && strcmp(page->cluster->testers[i].id, page->preview->tester) == 0) {
            page->tester = &page->cluster->testers[i];
        }
    }
    for (int i = 0; page->cluster != NULL && i < page->cluster->parts_count; i++) {
        if (page->preview->path != NULL
            && strcmp(page->cluster->parts[i].path, page->preview->path) == 0) {
            page->part = &page->cluster->parts[i];
        }
    }
    return page->cluster != NULL && (page->preview->node == NULL || page->node != NULL)
           && (page->preview->dependency == NULL || page->dependency != NULL)
           && (page->preview->tester == NULL || page->tester != NULL);
}

static void insist(const page_t *page)
{
    if (page->preview->harm == NULL) {
        if (page->preview->warning != NULL) {
            cfc_html_add(page->s->html, "<div class=\"answer care\"><p>After this %s.</p></div>\n",
                         page->preview->warning);
        }
        return;
    }
    cfc_html_add(page->s->html,
                 "<div class=\"answer bad\"><p>After this %s.</p>\n<label class=\"check\">"
                 "<input type=\"checkbox\" name=\"force\" value=\"1\" id=\"order-force\" required> "
                 "Do it nevertheless</label></div>\n", page->preview->harm);
}

/* "Drain node1", "Change maintenance of confluence". */
static const char *title(const page_t *page, int order)
{
    const cfc_preview_t *preview = page->preview;
    bool changes = orders[order].tell == tell_closing
                   && (is_closed(page) || is_scheduled(page));

    if (preview->node == NULL && preview->dependency == NULL && preview->tester == NULL) {
        return apr_pstrcat(page->s->p, changes ? "Change maintenance" : orders[order].label, " of ",
                           preview->path != NULL ? preview->path : preview->cluster, NULL);
    }
    return apr_pstrcat(page->s->p, orders[order].label,
                       orders[order].tell == tell_recover ? ": " : " ",
                       preview->node != NULL         ? preview->node
                       : preview->dependency != NULL ? preview->dependency
                                                     : preview->tester,
                       NULL);
}

static void hidden_fields(const page_t *page)
{
    const cfc_sheet_t *s = page->s;

    cfc_sheet_hidden(s, "csrf", s->page->token);
    cfc_sheet_hidden(s, "generation",
                     apr_psprintf(s->p, "%" APR_UINT64_T_FMT, (apr_uint64_t)s->status->generation));
    cfc_sheet_hidden(s, "cluster", page->preview->cluster);
    if (page->preview->node != NULL) {
        cfc_sheet_hidden(s, "node", page->preview->node);
    }
    if (page->preview->dependency != NULL) {
        cfc_sheet_hidden(s, "dependency", page->preview->dependency);
    }
    if (page->preview->tester != NULL) {
        cfc_sheet_hidden(s, "tester", page->preview->tester);
    }
    if (page->preview->path != NULL) {
        cfc_sheet_hidden(s, "path", page->preview->path);
    }
}

void cfc_order_page(const cfc_sheet_t *s)
{
    page_t page = {.s = s, .preview = s->page->preview};
    int order = order_find(s->page->order->action);
    const char *what;

    if (order == ORDERS || !views_find(&page)) {
        return;
    }
    what = title(&page, order);
    cfc_html_add(s->html, "<section class=\"cluster order\" id=\"order\" "
                 "aria-labelledby=\"order-title\">\n<form method=\"post\" action=\"?\">\n"
                 "<h2 id=\"order-title\">%s</h2>\n<ul>\n", what);
    orders[order].tell(&page);
    cfc_html_add(s->html, "</ul>\n");
    hidden_fields(&page);
    insist(&page);
    if (orders[order].ask != NULL) {
        orders[order].ask(&page);
    }
    cfc_html_add(s->html, "<div class=\"buttons\"><button class=\"main %s\" id=\"order-do\" "
                 "name=\"action\" value=\"%s\">%s</button>\n<a class=\"button\" id=\"order-leave\" "
                 "href=\"?\">Leave it</a></div>\n</form>\n</section>\n", orders[order].class,
                 orders[order].action, what);
}

bool cfc_order_buttons(const cfc_sheet_t *s, const char *cluster, const char *noun,
                       const char *name)
{
    if (s->page->read_only) {
        return false;
    }
    cfc_html_add(s->html, "<form method=\"get\" action=\"?\" class=\"buttons\">\n");
    cfc_sheet_hidden(s, "cluster", cluster);
    if (noun != NULL) {
        cfc_sheet_hidden(s, noun, name);
    }
    return true;
}

void cfc_order_button(const cfc_sheet_t *s, const char *id, const char *action, const char *label,
                      bool now)
{
    int order = order_find(action);

    cfc_html_add(s->html, "<button id=\"%s-%s\" class=\"%s\" name=\"ask\" value=\"%s\" "
                 "aria-pressed=\"%s\">%s</button>\n", id, action,
                 order < ORDERS ? orders[order].class : "", action, now ? "true" : "false",
                 label != NULL ? label : orders[order].label);
}
