/* SPDX-License-Identifier: Apache-2.0
 * suites.h: every suite of unit tests, one line each: SUITE(topic) is cfc_<topic>_suite() of
 * test_<topic>.c. Adding a suite is adding its line here and its file to Makefile.am. */
#ifndef CFC_T_UNIT_SUITES_H
#define CFC_T_UNIT_SUITES_H

#include <check.h>

#define CFC_SUITES(SUITE) \
    SUITE(effective)      \
    SUITE(eject)          \
    SUITE(record)         \
    SUITE(history)        \
    SUITE(events)         \
    SUITE(segment)        \
    SUITE(heritage)       \
    SUITE(inflight)       \
    SUITE(latency)        \
    SUITE(spread)         \
    SUITE(rates)          \
    SUITE(sessions)       \
    SUITE(method)         \
    SUITE(choose)         \
    SUITE(moved)          \
    SUITE(route)          \
    SUITE(rehome)         \
    SUITE(retry)          \
    SUITE(interim)        \
    SUITE(location)       \
    SUITE(tunnel)         \
    SUITE(waiting)        \
    SUITE(beat)           \
    SUITE(queue)          \
    SUITE(place)          \
    SUITE(opt)            \
    SUITE(node_url)       \
    SUITE(sticky)         \
    SUITE(secret)         \
    SUITE(target)         \
    SUITE(areas)          \
    SUITE(presets)        \
    SUITE(keys)           \
    SUITE(browser)        \
    SUITE(pace)           \
    SUITE(login)          \
    SUITE(logins)         \
    SUITE(expect)         \
    SUITE(certificate)    \
    SUITE(rise_fall)      \
    SUITE(flap)           \
    SUITE(combine)        \
    SUITE(ajp)            \
    SUITE(dependency)     \
    SUITE(errand)         \
    SUITE(credentials)    \
    SUITE(db_facts)       \
    SUITE(db_position)    \
    SUITE(db_judge)       \
    SUITE(monitor)        \
    SUITE(watch)          \
    SUITE(soak)           \
    SUITE(store)          \
    SUITE(control)        \
    SUITE(drains)         \
    SUITE(due)            \
    SUITE(notify)         \
    SUITE(tester)         \
    SUITE(gates)          \
    SUITE(wait)           \
    SUITE(announce)       \
    SUITE(outage)         \
    SUITE(page)           \
    SUITE(order_page)     \
    SUITE(parts)          \
    SUITE(walk)           \
    SUITE(wants)          \
    SUITE(status_json)

#define CFC_SUITE_DECLARE(topic) Suite *cfc_##topic##_suite(void);
CFC_SUITES(CFC_SUITE_DECLARE)

/** How many rows a table has, for tcase_add_loop_test(). */
#define CFC_ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

#endif
