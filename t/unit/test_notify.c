/* SPDX-License-Identifier: Apache-2.0
 * test_notify.c: of which events a CFNotify line is told, and what its program is given. */
#include <apr_pools.h>
#include <check.h>
#include <string.h>

#include "maint/event_json.h"
#include "maint/notify.h"
#include "suites.h"

static apr_pool_t *p;

static void setup(void)
{
    apr_pool_create(&p, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(p);
}

#define BIT(kind) (UINT32_C(1) << (kind))

static const struct {
    const char *label, *events;
    uint32_t kinds;
    const char *complaint;      /* begins with it */
} rows[] = {
    {"all but those about programs", NULL,           BIT(CFC_EVENT_NOTIFY) - 1, NULL},
    {"one",                          "health",       BIT(CFC_EVENT_HEALTH), NULL},
    {"two",                          "events,admin", BIT(CFC_EVENT_EVENTS) | BIT(CFC_EVENT_ADMIN),
     NULL},
    {"one twice",                    "admin,admin",  BIT(CFC_EVENT_ADMIN), NULL},
    {"an unknown one",               "admin,helth",  BIT(CFC_EVENT_ADMIN),
     "\"helth\" is not a kind of event; did you mean health?"},
    {"none",                         ",",            0, "\"\" is no kind of event"},
    {"those about programs",         "notify",       0, "\"notify\" is told to no program"},
};

START_TEST(a_line_is_told_the_kinds_that_it_names)
{
    uint32_t kinds;
    const char *complaint = cfc_notify_kinds(rows[_i].events, &kinds, p);

    ck_assert_msg(kinds == rows[_i].kinds, "%s: %x", rows[_i].label, kinds);
    if (rows[_i].complaint == NULL) {
        ck_assert_ptr_null(complaint);
    }
    else {
        ck_assert_msg(complaint != NULL && strstr(complaint, rows[_i].complaint) == complaint,
                      "%s: %s", rows[_i].label, complaint);
    }
}
END_TEST

static const char *variable(const char *const *env, const char *name)
{
    size_t length = strlen(name);

    for (; *env != NULL; env++) {
        if (strncmp(*env, name, length) == 0 && (*env)[length] == '=') {
            return *env + length + 1;
        }
    }
    return NULL;
}

START_TEST(a_programs_environment_has_one_clean_line_for_each_field_and_nothing_else)
{
    const cfc_event_t event = {
        .seq = UINT64_C(1763921234567), .kind = CFC_EVENT_HEALTH, .severity = CFC_LOG_WARNING,
        .noun = "node", .cluster = "confluence", .name = "node1",
        .why = "two\nlines, and \xff",
    };
    const char *const *env = cfc_notify_env(&event, p);
    int count = 0;

    ck_assert_str_eq(variable(env, "CFC_SEQ"), "1763921234567");
    ck_assert_str_eq(variable(env, "CFC_KIND"), "health");
    ck_assert_str_eq(variable(env, "CFC_SEVERITY"), "warning");
    ck_assert_str_eq(variable(env, "CFC_ABOUT"), "node");
    ck_assert_str_eq(variable(env, "CFC_WHY"), "two lines, and \xef\xbf\xbd");
    ck_assert_ptr_null(variable(env, "CFC_WHO"));
    while (env[count] != NULL) {
        count++;
    }
    ck_assert_int_eq(count, 9);         /* with PATH, CFC_AT, CFC_CLUSTER, CFC_NAME */
}
END_TEST

START_TEST(the_longest_event_fits_into_a_pipe)
{
    cfc_event_t event;

    memset(&event, 1, sizeof(event));   /* controls: what JSON writes longest, were it not cleaned */
    event.why[sizeof(event.why) - 1] = event.who[sizeof(event.who) - 1] = '\0';
    event.code[7] = event.noun[15] = event.cluster[63] = event.name[63] = '\0';
    event.effective[15] = event.before[31] = event.after[31] = event.address[47] = '\0';
    memset(event.why, '"', sizeof(event.why) - 1);
    memset(event.who, 0xff, sizeof(event.who) - 1);
    ck_assert_uint_lt(strlen(cfc_event_line(&event, p)), 8192);
}
END_TEST

START_TEST(a_new_line_begins_with_the_next_event_and_an_old_one_goes_on)
{
    static cfc_events_t ring;
    const cfc_what_t what = {.kind = CFC_EVENT_SERVER};

    cfc_events_init(&ring, apr_time_from_sec(1000));
    cfc_notify_settle(&ring, 1);
    ck_assert_uint_eq(atomic_load(&ring.told[0]), 1000000);
    cfc_events_add(&ring, &what, CFC_LOG_INFO, "CFC0002", 0);
    cfc_notify_settle(&ring, 2);
    ck_assert_uint_eq(atomic_load(&ring.told[0]), 1000000);
    ck_assert_uint_eq(atomic_load(&ring.told[1]), 1000001);
    cfc_notify_settle(&ring, 0);
    cfc_notify_settle(&ring, 1);
    ck_assert_uint_eq(atomic_load(&ring.told[0]), 1000001);
}
END_TEST

Suite *cfc_notify_suite(void)
{
    Suite *suite = suite_create("notify");
    TCase *tcase = tcase_create("notify");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_line_is_told_the_kinds_that_it_names, 0, CFC_ROWS(rows));
    tcase_add_test(tcase,
                   a_programs_environment_has_one_clean_line_for_each_field_and_nothing_else);
    tcase_add_test(tcase, the_longest_event_fits_into_a_pipe);
    tcase_add_test(tcase, a_new_line_begins_with_the_next_event_and_an_old_one_goes_on);
    suite_add_tcase(suite, tcase);
    return suite;
}
