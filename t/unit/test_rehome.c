/* SPDX-License-Identifier: Apache-2.0
 * test_rehome.c: when a user of a draining node is moved, and what counts as work. */
#include "lb/rehome.h"

#include <apr_time.h>

#include "t/unit/kit.h"
#include "t/unit/suites.h"

#define MINUTE apr_time_from_sec(60)
#define NOW (INT64_C(1000) * MINUTE)
#define AGO(minutes) (NOW - (minutes) * MINUTE)
#define PAUSE_MS (10 * 60 * 1000)

static const struct {
    const char *label;
    int64_t pause_ms, drains_since, at_work_at;
    bool safe, document;
    cfc_rehome_t want;
} rows[] = {
    {"page, after a pause",              PAUSE_MS, AGO(60), AGO(10), true, true, CFC_REHOME_MOVE},
    {"page, pause not long enough",      PAUSE_MS, AGO(60), AGO(9),  true, true, CFC_REHOME_AT_WORK},
    {"page, not seen since the drain",   PAUSE_MS, AGO(10), 0,       true, true, CFC_REHOME_MOVE},
    {"page, soon after the drain began", PAUSE_MS, AGO(9),  0,       true, true, CFC_REHOME_AT_WORK},
    {"page, seen before the drain",      PAUSE_MS, AGO(9),  AGO(60), true, true, CFC_REHOME_AT_WORK},
    {"page, seen in the future",         PAUSE_MS, AGO(60), AGO(-5), true, true, CFC_REHOME_MOVE},
    {"page, seen now",                   PAUSE_MS, AGO(60), NOW,     true, true, CFC_REHOME_AT_WORK},
    {"a form, after a pause",            PAUSE_MS, AGO(60), AGO(30), false, true, CFC_REHOME_AT_WORK},
    {"a change, after a pause",          PAUSE_MS, AGO(60), AGO(30), false, false,
     CFC_REHOME_AT_WORK},
    {"a picture, after a pause",         PAUSE_MS, AGO(60), AGO(30), true, false, CFC_REHOME_NO},
    {"a picture, at work",               PAUSE_MS, AGO(60), AGO(1),  true, false, CFC_REHOME_NO},
    {"nobody is moved here",             0,        AGO(60), AGO(30), true, true, CFC_REHOME_NO},
    {"the node does not drain",          PAUSE_MS, 0,       AGO(30), true, true, CFC_REHOME_NO},
    {"the clock was set back",           PAUSE_MS, AGO(-60), 0,      true, true, CFC_REHOME_AT_WORK},
};

START_TEST(whoever_paused_is_moved_by_a_page)
{
    cfc_rehome_t got = cfc_rehome(&(cfc_rehome_ask_t){
        .pause_ms = rows[_i].pause_ms, .drains_since = rows[_i].drains_since,
        .at_work_at = rows[_i].at_work_at, .now = NOW, .safe = rows[_i].safe,
        .document = rows[_i].document,
    });

    ck_assert_msg(got == rows[_i].want, "%s: got %d", rows[_i].label, (int)got);
}
END_TEST

#define BROWSER "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

static const struct {
    const char *label, *fetch_dest, *accept, *requested_with;
    bool want;
} requests[] = {
    {"a page",                       "document", BROWSER, NULL, true},
    {"a frame in a page",            "iframe", BROWSER, NULL, false},
    {"a script that reads HTML",     "empty", "text/html", NULL, false},
    {"a picture",                    "image", "image/*", NULL, false},
    {"a page, without TLS",          NULL, BROWSER, NULL, true},
    {"jQuery, without TLS",          NULL, "text/html, */*; q=0.01", "XMLHttpRequest", false},
    {"a picture, without TLS",       NULL, "image/webp,*/*", NULL, false},
    {"a program that takes all",     NULL, "*/*", NULL, false},
    {"a program that says nothing",  NULL, NULL, NULL, false},
};

START_TEST(a_page_is_told_from_its_parts)
{
    bool got = cfc_is_document(requests[_i].fetch_dest, requests[_i].accept,
                               requests[_i].requested_with);

    ck_assert_msg(got == requests[_i].want, "%s", requests[_i].label);
}
END_TEST

Suite *cfc_rehome_suite(void)
{
    Suite *suite = suite_create("lb/rehome");
    TCase *tc = tcase_create("rehome");

    tcase_add_loop_test(tc, whoever_paused_is_moved_by_a_page, 0, CFC_ROWS(rows));
    tcase_add_loop_test(tc, a_page_is_told_from_its_parts, 0, CFC_ROWS(requests));
    suite_add_tcase(suite, tc);
    return suite;
}
