/* SPDX-License-Identifier: Apache-2.0
 * test_pace.c: a flood of equal lines does not flood the log, and none is left out in silence. */
#include <check.h>

#include "guard/pace.h"

Suite *cfc_pace_suite(void);

START_TEST(so_many_lines_a_second_and_the_next_second_tells_what_was_left_out)
{
    cfc_pace_t pace = {0};
    uint32_t withheld = 99;

    for (int i = 0; i < CFC_PACE_LINES; i++) {
        ck_assert(cfc_pace(&pace, 1000, &withheld));
        ck_assert_uint_eq(withheld, 0);
    }
    for (int i = 0; i < 7; i++) {
        ck_assert(!cfc_pace(&pace, 1000, &withheld));
    }
    ck_assert(cfc_pace(&pace, 1001, &withheld));
    ck_assert_uint_eq(withheld, 7);
    ck_assert(cfc_pace(&pace, 1001, &withheld));
    ck_assert_uint_eq(withheld, 0);
}
END_TEST

Suite *cfc_pace_suite(void)
{
    Suite *suite = suite_create("guard/pace");
    TCase *tcase = tcase_create("pace");

    tcase_add_test(tcase, so_many_lines_a_second_and_the_next_second_tells_what_was_left_out);
    suite_add_tcase(suite, tcase);
    return suite;
}
