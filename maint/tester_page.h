/* SPDX-License-Identifier: Apache-2.0
 * tester_page.h: what testers read. */
#ifndef CFC_MAINT_TESTER_PAGE_H
#define CFC_MAINT_TESTER_PAGE_H

#include <apr_pools.h>

typedef struct {
    const char *title;
    const char *text;
    const char *home;           /* where the site begins; NULL: no way there is shown */
    const char *door;           /* of the page of testers: the button that ends being one; NULL:
                                 * there is none */
} cfc_tester_page_t;

/** The page, as HTML. Every value is escaped. */
const char *cfc_tester_page(const cfc_tester_page_t *page, apr_pool_t *p);

#endif
