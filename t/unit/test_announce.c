/* SPDX-License-Identifier: Apache-2.0
 * test_announce.c: what users may know of a maintenance, and what they do not get to know. */
#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

#include "maint/announce.h"
#include "maint/control.h"
#include "t/unit/small_cluster.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)       /* 2026-11-23T14:00:00Z */

static cfc_small_cluster_t small;

static void begin(void)
{
    cfc_small_cluster_make(&small);
}

static void end(void)
{
    cfc_small_cluster_end(&small);
}

static void give(const char *action, const char *path, const char *from)
{
    const cfc_order_t order = {.cluster = "confluence", .action = action, .path = path,
                               .from = from, .until = from, .message = from != NULL ? "An update"
                                                                                    : NULL,
                               .who = "anna", .address = "10.0.9.3"};
    cfc_result_t got = cfc_control(small.conf, &order, NOW, small.p);

    ck_assert_msg(got.outcome == CFC_OUTCOME_DONE, "%s: %s", action, got.text);
}

static void told(const char *want)
{
    const char *text = cfc_announcement(small.cl, small.p);
    json_t *got = json_loads(text, 0, NULL), *wanted = json_loads(want, 0, NULL);

    ck_assert_msg(json_equal(got, wanted), "got %s", text);
    json_decref(got);
    json_decref(wanted);
}

#define OPEN "'state':'open','message':null,'from':null,'until':null"
#define PLAN "'state':'scheduled','message':'An update','from':'2026-11-23T16:00:00Z'," \
             "'until':'2026-11-23T18:00:00Z'"

/* With the quotation marks of JSON. */
static const char *quoted(const char *text)
{
    char *copy = apr_pstrdup(small.p, text);

    for (char *c = copy; (c = strchr(c, '\'')) != NULL; c++) {
        *c = '"';
    }
    return copy;
}

START_TEST(users_read_when_why_and_where_and_no_names)
{
    told(quoted("{" OPEN ",'parts':[]}"));
    give("maintenance-on", NULL, "2h");
    told(quoted("{" PLAN ",'parts':[]}"));
    give("maintenance-off", NULL, NULL);
    give("maintenance-on", "/synchrony", "2h");
    told(quoted("{" OPEN ",'parts':[{'path':'/synchrony'," PLAN "}]}"));
    give("maintenance-on", NULL, NULL);
    told(quoted("{'state':'maintenance','message':null,'from':null,'until':null,"
                "'parts':[{'path':'/synchrony'," PLAN "}]}"));
}
END_TEST

Suite *cfc_announce_suite(void)
{
    Suite *suite = suite_create("announce");
    TCase *tcase = tcase_create("announce");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, users_read_when_why_and_where_and_no_names);
    suite_add_tcase(suite, tcase);
    return suite;
}
