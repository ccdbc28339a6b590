/* SPDX-License-Identifier: Apache-2.0
 * choice.c: what choosing a node and judging a path cost, in nanoseconds, as Markdown tables.
 * The core alone, as a request goes through it (lb/handler_httpd.c, guard/protect_httpd.c): no
 * httpd, no network, and one thread, so nobody else writes to its cache lines. What a whole
 * request costs is compare.py's. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guard/keys.h"
#include "guard/presets.h"
#include "guard/target.h"
#include "lb/method.h"
#include "lb/place.h"

/* --- the clock ------------------------------------------------------------------------------ */

#define ROUNDS 15
#define ROUND_NS 2000000    /* at least; so that reading the clock costs nothing */

typedef void (*work_t)(void *what);

typedef struct {
    double median, low, high;       /* nanoseconds */
} cost_t;

static double now_ns(void)
{
    struct timespec now;

    /* This process's own time: what else runs on the machine costs caches, but is not counted. */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_of(work_t work, void *what, unsigned times)
{
    double begun = now_ns();

    for (unsigned i = 0; i < times; i++) {
        work(what);
    }
    return now_ns() - begun;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static cost_t measure(work_t work, void *what)
{
    double rounds[ROUNDS];
    unsigned times = 1;

    while (time_of(work, what, times) < ROUND_NS) {
        times *= 2;
    }
    for (int i = 0; i < ROUNDS; i++) {
        rounds[i] = time_of(work, what, times) / times;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
    return (cost_t){rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1]};
}

static void print_cell(cost_t cost)
{
    printf(" %.0f (%.0f-%.0f) |", cost.median, cost.low, cost.high);
}

/* --- choice --------------------------------------------------------------------------------- */

#define INFLIGHT 64         /* requests that are being answered while one is chosen for */
#define ANSWER_US 3000      /* what each took */

static const int node_counts[] = {2, 4, 8, 16, 32, 64};
#define NODE_COUNTS (sizeof(node_counts) / sizeof(node_counts[0]))

typedef struct {
    apr_pool_t *pool;
    cfc_cluster_t *cl;
    int child;
    apr_time_t now;
    uint32_t dice;
    const char *cookies;                /* of the client; NULL: it is new */
    cfc_node_t *carrying[INFLIGHT];     /* a ring, the oldest at `at` */
    unsigned at;
} scene_t;

static cfc_segment_t segment;

static void end_oldest(const scene_t *scene)
{
    const cfc_node_t *node = scene->carrying[scene->at];

    if (node != NULL) {
        cfc_latency_note(&node->slot->latency, ANSWER_US, scene->now);
        cfc_place_leave(scene->cl, node, scene->child);
    }
}

static void keep_books(scene_t *scene, const cfc_ask_t *ask, const cfc_choice_t *choice)
{
    if (cfc_why_joins(choice->why)) {
        cfc_choice_taken(scene->cl, choice);
    }
    if (choice->why == CFC_WHY_STICKY) {
        cfc_sessions_note(&choice->node->slot->sessions, ask->routes.session, ask->now,
                          scene->cl->sticky.window_ms);
    }
    scene->carrying[scene->at] = choice->node;
    scene->at = (scene->at + 1) % INFLIGHT;
}

static void one_request(void *what)
{
    scene_t *scene = what;
    cfc_ask_t ask = {.dice = scene->dice = scene->dice * 1664525u + 1013904223u};
    cfc_choice_t choice;
    apr_int64_t waited_ms = 0;

    cfc_routes_read(scene->cl, scene->cookies, "/pages/viewpage.action", &ask.routes);
    end_oldest(scene);
    /* nobody is ejected and no node has a limit: no trial, no queue */
    if (cfc_choose_trial(scene->cl, &ask, scene->now, &choice)
        || cfc_place_take(scene->cl, &ask, scene->child, &choice, &waited_ms) != CFC_PLACE_TAKEN) {
        abort();
    }
    scene->now = ask.now;
    keep_books(scene, &ask, &choice);
}

static cfc_node_t *make_node(scene_t *scene, int number)
{
    cfc_node_t *node = apr_pcalloc(scene->pool, sizeof(*node));

    node->name = node->route = apr_psprintf(scene->pool, "node%d", number);
    node->token = cfc_route_token(scene->cl->name, node->name, scene->pool);
    node->weight = 1;
    node->slot = cfc_segment_node(&segment, scene->cl->name, node->name);
    cfc_slot_health_set(node->slot, CFC_HEALTH_UP, CFC_CAUSE_NONE);
    return node;
}

static void open_scene(scene_t *scene, const cfc_method_t *method, int nodes)
{
    static const unsigned char secret[CFC_SECRET_BYTES] = "not secret";

    memset(&segment, 0, sizeof(segment));
    cfc_segment_init(&segment, secret, apr_time_now());
    cfc_segment_next_generation(&segment);
    memset(scene, 0, sizeof(*scene));
    scene->child = cfc_segment_child_enter(&segment, 1, 1);
    scene->now = apr_time_now();
    apr_pool_create(&scene->pool, NULL);
    scene->cl = apr_pcalloc(scene->pool, sizeof(*scene->cl));
    scene->cl->name = "confluence";
    scene->cl->slot = cfc_segment_cluster(&segment, scene->cl->name);
    scene->cl->method = method;
    scene->cl->sticky.cookie = "CFROUTE";
    scene->cl->sticky.session = "JSESSIONID";
    scene->cl->sticky.window_ms = 1800000;
    scene->cl->nodes = apr_array_make(scene->pool, nodes, sizeof(cfc_node_t *));
    for (int i = 1; i <= nodes; i++) {
        APR_ARRAY_PUSH(scene->cl->nodes, cfc_node_t *) = make_node(scene, i);
    }
}

/* A session of the last node: the longest way to go. */
static const char *cookies_of_last(const scene_t *scene)
{
    const cfc_node_t *last = cfc_cluster_nodes(scene->cl)[scene->cl->nodes->nelts - 1];

    return apr_psprintf(scene->pool, "JSESSIONID=7E1A4F0C59D2B86337A5C1E09F4D2B68.%s; CFROUTE=%s",
                        last->route, last->token);
}

static void print_choice(const char *label, const cfc_method_t *method, bool sticky)
{
    printf("| %s |", label);
    for (size_t i = 0; i < NODE_COUNTS; i++) {
        scene_t scene;

        open_scene(&scene, method, node_counts[i]);
        scene.cookies = sticky ? cookies_of_last(&scene) : NULL;
        print_cell(measure(one_request, &scene));
        apr_pool_destroy(scene.pool);
    }
    printf("\n");
}

static void print_choices(void)
{
    printf("| ns |");
    for (size_t i = 0; i < NODE_COUNTS; i++) {
        printf(" %d nodes |", node_counts[i]);
    }
    printf("\n|---|---|---|---|---|---|---|\n");
    for (const cfc_method_t *method = cfc_methods; method->name != NULL; method++) {
        print_choice(method->name, method, false);
    }
    print_choice("sticky, any method", &cfc_methods[0], true);
}

/* --- guard ---------------------------------------------------------------------------------- */

typedef struct {
    const char *path;
    char *scratch;
    const cfc_area_t *areas[16];         /* ended by NULL */
    cfc_readings_t readings;
    const char *complaint;
    unsigned covered;                   /* readings in an area, so that nobody optimises it away */
} paths_t;

static void read_path(void *what)
{
    paths_t *paths = what;

    paths->complaint = cfc_target_read(paths->path, false, paths->scratch, &paths->readings);
}

static void judge_path(void *what)
{
    paths_t *paths = what;

    read_path(paths);
    for (size_t i = 0; i < paths->readings.count; i++) {
        paths->covered += cfc_reading_leaves(paths->readings.path[i], "");
        for (const cfc_area_t *const *area = paths->areas; *area != NULL; area++) {
            paths->covered += cfc_area_covers(*area, paths->readings.path[i], "");
        }
    }
    for (const cfc_area_t *const *area = paths->areas; *area != NULL; area++) {
        cfc_keys_t keys;

        if (cfc_area_has(*area, CFC_RULE_KEY, CFC_RULE_KEY_PART)) {
            paths->covered += cfc_keys_queries(&keys, paths->path, &paths->readings,
                                               (*area)->rules);
        }
    }
}

static const char *repeated(const char *head, const char *part, size_t bytes, apr_pool_t *p)
{
    char *path = apr_palloc(p, bytes + 1);
    size_t length = strlen(head), step = strlen(part);

    memcpy(path, head, length);
    for (; length + step <= bytes; length += step) {
        memcpy(path + length, part, step);
    }
    path[length] = '\0';
    return path;
}

static void print_outcome(const paths_t *paths)
{
    if (paths->complaint != NULL) {
        printf(" 400: the path %s |\n", paths->complaint);
    }
    else {
        printf(" readings: %zu |\n", paths->readings.count);
    }
}

static void print_path(const char *label, const char *path, apr_pool_t *p)
{
    paths_t paths = {.path = path, .scratch = apr_palloc(p, cfc_target_scratch_bytes(path))};
    cost_t reading, judging;

    for (size_t i = 0, next = 0; cfc_preset_names[i] != NULL; i++) {
        const cfc_preset_t *preset = cfc_preset_find(cfc_preset_names[i]);

        for (size_t j = 0; j < preset->count; j++) {
            paths.areas[next++] = &preset->areas[j];
        }
    }
    reading = measure(read_path, &paths);
    judging = measure(judge_path, &paths);
    printf("| %s | %zu |", label, strlen(path));
    print_cell(reading);
    print_cell(judging);
    print_outcome(&paths);
}

static void print_paths(void)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    printf("\n| ns | bytes | read | read, and all presets | outcome |\n|---|---|---|---|---|\n");
    print_path("`/pages/viewpage.action?...`", "/pages/viewpage.action?pageId=98765432", p);
    print_path("`/display/KEY/...`", "/display/KEY/Notes+of+the+meeting+%28draft%29", p);
    print_path("`/s/.../_/download/...`",
               "/s/d41d8cd98f00b204e9800998ecf8427e-CDN/-1836419385/9012/1mzq4w6/-/_/download/"
               "contextbatch/js/_super/batch.js?locale=en-GB", p);
    print_path("`/download/attachments/...`",
               "/download/attachments/98765432/Plan%20%28final%29%20v2.docx?version=1&api=v2", p);
    print_path("`/rest/api/content/...`", "/rest/api/content/98765432?expand=body.storage,version", p);
    apr_pool_destroy(p);
}

/* Hostile paths: what a byte costs must not grow with the length. */
#define SAME_5  "/s/_/s/_/s/_/s/_/s/_"
#define SAME_30 SAME_5 SAME_5 SAME_5 SAME_5 SAME_5 SAME_5 "/"

static const struct {
    const char *label, *head, *part;
} floods[] = {
    {"`a`",                                 "/",                    "a"},
    {"`/a`",                                "/a",                   "/a"},
    {"`;`",                                 "/",                    ";"},
    {"`%25`",                               "/",                    "%25"},
    {"`%2525`",                             "/",                    "%2525"},
    {"`/./`",                               "/",                    "/./"},
    {"`/_/`",                               "/s",                   "/_/"},
    {"`/s`",                                "/s",                   "/s"},
    {"`a`, behind 30 times `/s/_`",          SAME_30,                "a"},
    {"`/s`, which can be read in 22 ways",  "/s/_/;%253b%2523//",   "/s"},
};

static void print_flood(const char *label, const char *head, const char *part, apr_pool_t *p)
{
    paths_t paths;

    printf("| %s |", label);
    for (size_t bytes = 1024; bytes <= CFC_PATH_MAX; bytes *= 2) {
        cost_t cost;

        paths = (paths_t){.path = repeated(head, part, bytes, p)};
        paths.scratch = apr_palloc(p, cfc_target_scratch_bytes(paths.path));
        cost = measure(read_path, &paths);
        printf(" %.2f (%.2f-%.2f) |", cost.median / (double)bytes, cost.low / (double)bytes,
               cost.high / (double)bytes);
    }
    print_outcome(&paths);
}

static void print_floods(void)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    printf("\n| ns a byte | 1 KiB | 2 KiB | 4 KiB | 8 KiB | outcome |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
        print_flood(floods[i].label, floods[i].head, floods[i].part, p);
    }
    apr_pool_destroy(p);
}

int main(void)
{
    apr_initialize();
    print_choices();
    print_paths();
    print_floods();
    apr_terminate();
    return 0;
}
