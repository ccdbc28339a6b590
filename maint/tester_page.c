/* SPDX-License-Identifier: Apache-2.0
 * tester_page.c: see tester_page.h. */
#include "maint/tester_page.h"

#include "maint/assets.h"
#include "maint/html.h"

const char *cfc_tester_page(const cfc_tester_page_t *page, apr_pool_t *p)
{
    cfc_html_t *ways = cfc_html_new(p);
    const cfc_fill_t fills[] = {
        {"title", page->title, NULL}, {"text", page->text, NULL}, {"ways", NULL, ways},
        {NULL, NULL, NULL},
    };

    if (page->home != NULL) {
        cfc_html_add(ways, "<p><a href=\"%s\">Go to the site</a></p>\n", page->home);
    }
    if (page->door != NULL) {
        cfc_html_add(ways, "<form method=\"post\" action=\"%s\"><button>Be no tester any more"
                     "</button></form>\n", page->door);
    }
    return cfc_html_fill(cfc_asset_tester_html, fills, p);
}
