/* SPDX-License-Identifier: Apache-2.0
 * test_wants.c: in which form a client can use an answer. */
#include "maint/wants.h"
#include "t/unit/suites.h"

static const struct {
    const char *label;
    cfc_wants_ask_t ask;
    cfc_wants_t want;
} clients[] = {
    {"a browser", {.path = "/", .accept = "text/html,application/xhtml+xml,*/*;q=0.8",
     .fetch_dest = "document"}, CFC_WANTS_HTML},
    {"an old browser", {.path = "/pages/x.png",
     .accept = "text/html,application/xhtml+xml,*/*;q=0.8"}, CFC_WANTS_HTML},
    {"curl", {.path = "/", .accept = "*/*"}, CFC_WANTS_HTML},
    {"no Accept at all", {.path = "/"}, CFC_WANTS_HTML},
    {"a page's script", {.path = "/rest/api", .accept = "*/*", .fetch_dest = "empty"},
     CFC_WANTS_JSON},
    {"an old page's script", {.path = "/x", .accept = "text/html",
     .requested_with = "XMLHttpRequest"}, CFC_WANTS_JSON},
    {"Android's WebView", {.path = "/x", .accept = "text/html,*/*;q=0.8",
     .requested_with = "com.example.app"}, CFC_WANTS_HTML},
    {"an API client", {.path = "/rest/api", .accept = "application/json"}, CFC_WANTS_JSON},
    {"axios", {.path = "/rest/api", .accept = "application/json, text/plain, */*"}, CFC_WANTS_JSON},
    {"html rather than JSON", {.path = "/", .accept = "application/json;q=0.5, text/html"},
     CFC_WANTS_HTML},
    {"JSON by path", {.path = "/x/list.json", .accept = "*/*"}, CFC_WANTS_JSON},
    {"an image", {.path = "/logo", .accept = "image/avif,image/webp,*/*;q=0.8",
     .fetch_dest = "image"}, CFC_WANTS_IMAGE},
    {"an image of an old browser", {.path = "/logo.PNG", .accept = "*/*"}, CFC_WANTS_IMAGE},
    {"an image that is nothing else", {.path = "/logo", .accept = "image/*"}, CFC_WANTS_IMAGE},
    {"a script", {.path = "/x.js", .accept = "*/*", .fetch_dest = "script"}, CFC_WANTS_SCRIPT},
    {"a style", {.path = "/batch.css", .accept = "text/css,*/*;q=0.1"}, CFC_WANTS_STYLE},
    {"a page in a frame", {.path = "/x", .accept = "text/html", .fetch_dest = "iframe"},
     CFC_WANTS_HTML},
    {"a WebSocket", {.path = "/synchrony", .upgrade = "WebSocket", .accept = "*/*"},
     CFC_WANTS_NOTHING},
    {"an image over plain HTTP", {.path = "/logo",
     .accept = "image/avif,image/webp,*/*;q=0.8"}, CFC_WANTS_IMAGE},
    {"a style by its destination", {.path = "/x", .accept = "*/*", .fetch_dest = "style"},
     CFC_WANTS_STYLE},
    {"a script over plain HTTP", {.path = "/s/batch.js", .accept = "*/*"}, CFC_WANTS_SCRIPT},
    {"a font", {.path = "/x.woff2", .accept = "*/*"}, CFC_WANTS_NOTHING},
    {"REST without Accept", {.path = "/wiki/rest/api/content/1"}, CFC_WANTS_JSON},
    {"REST with anything", {.path = "/rest", .accept = "*/*"}, CFC_WANTS_JSON},
    {"REST in a browser's address bar", {.path = "/rest/api",
     .accept = "text/html,*/*;q=0.8"}, CFC_WANTS_HTML},
    {"a folder that begins like REST", {.path = "/restaurant"}, CFC_WANTS_HTML},
    {"a later folder REST", {.path = "/restaurant/rest/x"}, CFC_WANTS_JSON},
    {"JSON-RPC", {.method = "POST", .path = "/rpc/json-rpc/confluenceservice-v2",
     .accept = "*/*"}, CFC_WANTS_JSON},
    {"XML-RPC", {.method = "POST", .path = "/wiki/rpc/xmlrpc"}, CFC_WANTS_XMLRPC},
    {"XML-RPC that takes all", {.method = "POST", .path = "/rpc/xmlrpc",
     .accept = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}, CFC_WANTS_XMLRPC},
    {"somebody who looks there", {.path = "/rpc/xmlrpc", .accept = "text/html,*/*;q=0.8"},
     CFC_WANTS_HTML},
    {"SOAP", {.method = "POST", .path = "/rpc/soap-axis/confluenceservice-v2"}, CFC_WANTS_SOAP},
    {"SOAP by the other door", {.method = "POST", .path = "/plugins/servlet/soap-axis1/x"},
     CFC_WANTS_SOAP},
    {"SOAP by its header", {.method = "POST", .path = "/x", .soap_action = "\"\"",
     .accept = "application/soap+xml, */*"}, CFC_WANTS_SOAP},
    {"a dot in a folder", {.path = "/a.css/page", .accept = "*/*"}, CFC_WANTS_HTML},
};

START_TEST(each_client_gets_the_form_it_can_use)
{
    cfc_wants_ask_t ask = clients[_i].ask;
    cfc_wants_t got;

    ask.method = ask.method != NULL ? ask.method : "GET";
    got = cfc_wants(&ask);
    ck_assert_msg(got == clients[_i].want, "%s: got %d", clients[_i].label, got);
}
END_TEST

static const struct {
    const char *label, *accept, *type;
    int want;
} accepts[] = {
    {"no header", NULL, "text/html", 2000},
    {"an empty header", "", "text/html", 0},
    {"by name", "text/html", "text/html", 2001},
    {"by name in capitals", "TEXT/HTML", "text/html", 2001},
    {"something else", "text/plain", "text/html", 0},
    {"a longer name", "text/html5", "text/html", 0},
    {"with a quality", "text/html;q=0.7", "text/html", 1401},
    {"with three digits", "text/html; q=0.123", "text/html", 247},
    {"with blanks", " text/html ; q=0.5 , */*", "text/html", 1001},
    {"with another parameter", "text/html;level=1;q=0.2", "text/html", 401},
    {"unwanted by name", "text/html;q=0, */*", "text/html", 0},
    {"unwanted by 0.000", "text/html;q=0.000", "text/html", 0},
    {"the nearest counts", "*/*;q=0.9, text/*;q=0.3", "text/html", 600},
    {"the nearest counts in any order", "text/*;q=0.3, */*;q=0.9", "text/html", 600},
    {"a broken quality", "text/html;q=x", "text/html", 0},
    {"only a quality", ";q=1", "text/html", 0},
    {"commas", ",,,text/html,,", "text/html", 2001},
};

START_TEST(accept_is_read_as_it_is_meant)
{
    int got = cfc_accept_rank(accepts[_i].accept, accepts[_i].type);

    ck_assert_msg(got == accepts[_i].want, "%s: got %d", accepts[_i].label, got);
}
END_TEST

Suite *cfc_wants_suite(void)
{
    Suite *suite = suite_create("wants");
    TCase *tcase = tcase_create("wants");

    tcase_add_loop_test(tcase, each_client_gets_the_form_it_can_use, 0, CFC_ROWS(clients));
    tcase_add_loop_test(tcase, accept_is_read_as_it_is_meant, 0, CFC_ROWS(accepts));
    suite_add_tcase(suite, tcase);
    return suite;
}
