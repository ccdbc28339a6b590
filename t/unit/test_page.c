/* SPDX-License-Identifier: Apache-2.0
 * test_page.c: the answer of a closed cluster, and the texts that pages are made of. */
#include <apr_pools.h>
#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "maint/html.h"
#include "maint/page.h"
#include "maint/sign.h"
#include "maint/text.h"
#include "t/unit/suites.h"

#define NOW apr_time_from_sec(1795442400)       /* 2026-11-23T14:00:00Z */
#define MINUTES(n) apr_time_from_sec((n) * 60)

static apr_pool_t *p;

static void begin(void)
{
    apr_pool_create(&p, NULL);
}

static void end(void)
{
    apr_pool_destroy(p);
}

static const struct {
    const char *label;
    cfc_closed_t why;
    apr_time_t until;
    int want;
} waits[] = {
    {"nothing announced", CFC_CLOSED_MAINTENANCE, 0, 300},
    {"ten minutes", CFC_CLOSED_MAINTENANCE, NOW + MINUTES(10), 600},
    {"rounded up", CFC_CLOSED_MAINTENANCE, NOW + MINUTES(10) + 1, 601},
    {"a second", CFC_CLOSED_MAINTENANCE, NOW + 1000000, 30},
    {"tomorrow", CFC_CLOSED_MAINTENANCE, NOW + MINUTES(24 * 60), 3600},
    {"over time", CFC_CLOSED_MAINTENANCE, NOW - MINUTES(1), 300},
    {"an outage", CFC_CLOSED_OUTAGE, NOW + MINUTES(10), 30},
    {"a database's outage", CFC_CLOSED_DATABASE, NOW + MINUTES(10), 30},
};

START_TEST(retry_after_follows_the_announced_end_within_bounds)
{
    int got = cfc_page_retry_after(waits[_i].why, waits[_i].until, NOW);

    ck_assert_msg(got == waits[_i].want, "%s: got %d", waits[_i].label, got);
}
END_TEST

/* The answer in that form. */
static const char *text_of(cfc_wants_t wants, cfc_closed_t why, const cfc_note_t *note)
{
    cfc_page_t page;

    cfc_page_make(&(cfc_page_ask_t){.wants = wants, .why = why, .note = note, .now = NOW}, &page,
                  p);
    return page.bytes;
}

static void utc(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
}

START_TEST(the_page_tells_message_and_end_and_asks_again)
{
    cfc_note_t note = {.until = NOW + MINUTES(90), .text = "A & B <script>alert('\"')</script>"};
    const char *page;

    utc();
    page = text_of(CFC_WANTS_HTML, CFC_CLOSED_MAINTENANCE, &note);
    ck_assert_ptr_nonnull(
        strstr(page, "A &amp; B &lt;script&gt;alert(&#39;&quot;&#39;)&lt;/script"));
    ck_assert_ptr_nonnull(strstr(page, "<b>15:30 UTC</b></time>, in about "
                                       "<span class=\"left\">1 h 30 min</span>."));
    ck_assert_ptr_nonnull(strstr(page, "<meta http-equiv=\"refresh\" content=\"30\">"));
    ck_assert_ptr_null(strstr(page, "{{"));
    ck_assert_ptr_null(strstr(page, "//"));     /* no outside resource */
}
END_TEST

START_TEST(the_page_says_when_it_takes_longer_and_on_which_day)
{
    cfc_note_t note = {.until = NOW - 1};

    utc();
    ck_assert_ptr_nonnull(strstr(text_of(CFC_WANTS_HTML, CFC_CLOSED_MAINTENANCE, &note),
                                 "longer than planned"));
    note.until = NOW + MINUTES(24 * 60);
    ck_assert_ptr_nonnull(strstr(text_of(CFC_WANTS_HTML, CFC_CLOSED_MAINTENANCE, &note),
                                 "Tuesday, 24 November, 14:00 UTC"));
}
END_TEST

START_TEST(a_page_after_a_form_does_not_ask_again_by_itself)
{
    cfc_note_t note = {.text = "an update"};
    cfc_page_t page;

    cfc_page_make(&(cfc_page_ask_t){.wants = CFC_WANTS_HTML, .why = CFC_CLOSED_MAINTENANCE,
                                    .note = &note, .now = NOW, .sent = true}, &page, p);
    ck_assert_ptr_null(strstr(page.bytes, "http-equiv"));
    ck_assert_ptr_nonnull(strstr(page.bytes, "data-sent=\"yes\""));
    ck_assert_ptr_nonnull(strstr(page.bytes, "What you have just sent has not arrived."));
}
END_TEST

START_TEST(the_sites_own_page_gets_what_it_has_places_for)
{
    cfc_note_t note = {.text = "1 < 2", .until = NOW + MINUTES(10)};
    cfc_page_t page;

    utc();
    cfc_page_make(&(cfc_page_ask_t){.wants = CFC_WANTS_HTML, .why = CFC_CLOSED_MAINTENANCE,
                                    .note = &note, .now = NOW,
                                    .own = "<script>{{x}}</script>{{message}}|{{title}}{{end}}"},
                  &page, p);
    ck_assert_str_eq(page.bytes,
                     "<script>{{x}}</script>1 &lt; 2|Down for maintenance<p class=\"end\">Expected "
                     "back at <time datetime=\"2026-11-23T14:10:00Z\"><b>14:10 UTC</b></time>, in "
                     "about <span class=\"left\">10 min</span>.</p>\n");
    ck_assert_ptr_null(page.policy);
}
END_TEST

START_TEST(an_outage_does_not_speak_of_maintenance)
{
    cfc_note_t note = {.until = NOW + MINUTES(90), .text = "the last maintenance's message"};
    const char *page = text_of(CFC_WANTS_HTML, CFC_CLOSED_OUTAGE, &note);

    ck_assert_ptr_nonnull(strstr(page, "Temporarily unavailable"));
    ck_assert_ptr_null(strstr(page, "maintenance"));
    ck_assert_ptr_null(strstr(page, "Expected back"));
    ck_assert_ptr_null(strstr(page, "database"));
    page = text_of(CFC_WANTS_HTML, CFC_CLOSED_DATABASE, &note);
    ck_assert_ptr_nonnull(strstr(page, "Temporarily unavailable"));
    ck_assert_ptr_nonnull(strstr(page, "cannot reach its database right now"));
    ck_assert_ptr_null(strstr(page, "maintenance"));
}
END_TEST

START_TEST(json_clients_get_the_same)
{
    cfc_note_t note = {.until = NOW + MINUTES(10), .text = "bad \xff byte"};
    json_error_t error;
    json_t *json = json_loads(text_of(CFC_WANTS_JSON, CFC_CLOSED_MAINTENANCE, &note), 0, &error);
    const char *state, *message, *until;
    int status, wait_s;

    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(json_unpack(json, "{s:i, s:s, s:s, s:s, s:i}", "status", &status, "state",
                                 &state, "message", &message, "until", &until, "retry_after_s",
                                 &wait_s), 0);
    ck_assert_int_eq(status, 503);
    ck_assert_str_eq(state, "maintenance");
    ck_assert_str_eq(message, "bad \xEF\xBF\xBD byte");
    ck_assert_str_eq(until, "2026-11-23T14:10:00Z");
    ck_assert_int_eq(wait_s, 600);
    json_decref(json);
}
END_TEST

static const struct {
    const char *label;
    cfc_wants_t wants;
    const char *type, *holds;
} bodies[] = {
    {"a page", CFC_WANTS_HTML, "text/html; charset=utf-8", "<p class=\"message\">1 &lt; 2"},
    {"JSON", CFC_WANTS_JSON, "application/json", "\"1 < 2\""},
    {"an XML-RPC fault", CFC_WANTS_XMLRPC, "text/xml; charset=utf-8",
     "<string>Down for maintenance: 1 &lt; 2</string>"},
    {"a SOAP fault", CFC_WANTS_SOAP, "text/xml; charset=utf-8",
     "<faultstring>Down for maintenance: 1 &lt; 2</faultstring>"},
    {"an image", CFC_WANTS_IMAGE, "image/gif", "GIF89a"},
    {"a style", CFC_WANTS_STYLE, "text/css; charset=utf-8", "/* 503: Down for maintenance */"},
    {"a script", CFC_WANTS_SCRIPT, "text/javascript; charset=utf-8",
     "/* 503: Down for maintenance */"},
    {"nothing", CFC_WANTS_NOTHING, NULL, ""},
};

START_TEST(each_form_is_what_it_says)
{
    cfc_note_t note = {.text = "1 < 2"};
    cfc_page_t page;

    cfc_page_make(&(cfc_page_ask_t){.wants = bodies[_i].wants, .why = CFC_CLOSED_MAINTENANCE,
                                    .note = &note, .now = NOW}, &page, p);
    ck_assert_msg(page.type == bodies[_i].type || strcmp(page.type, bodies[_i].type) == 0, "%s",
                  bodies[_i].label);
    ck_assert_msg(strstr(page.bytes, bodies[_i].holds) != NULL, "%s: %s", bodies[_i].label,
                  page.bytes);
    ck_assert_int_eq((page.length == 0), (bodies[_i].wants == CFC_WANTS_NOTHING));
}
END_TEST

static const struct {
    const char *label, *text, *want;
} texts[] = {
    {"plain", "plain", "plain"},
    {"two, three and four bytes", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x99\x82",
     "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x99\x82"},
    {"controls", "a\tb\x01\x7f", "a b  "},
    {"overlong slash", "\xc0\xaf", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"overlong in three", "\xe0\x80\xaf", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"a surrogate", "\xed\xa0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"beyond Unicode", "\xf4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"cut at the end", "x\xe2\x82", "x\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"cut in the middle", "\xe2\x82z", "\xEF\xBF\xBD\xEF\xBF\xBDz"},
};

START_TEST(text_of_others_becomes_clean)
{
    ck_assert_msg(strcmp(cfc_text_clean(texts[_i].text, p), texts[_i].want) == 0, "%s",
                  texts[_i].label);
}
END_TEST

START_TEST(text_is_cut_between_characters)
{
    char room[5];

    cfc_text_fit(room, sizeof(room), "ab\xe2\x82\xac");
    ck_assert_str_eq(room, "ab");
    cfc_text_fit(room, sizeof(room), "a\xe2\x82\xac");
    ck_assert_str_eq(room, "a\xe2\x82\xac");
}
END_TEST

static const struct {
    const char *text;
    bool right;
} instants[] = {
    {"2026-11-23T14:00:00Z", true},   {"2026-11-23T14:00Z", true},
    {"2026-11-23T15:00+01:00", true}, {"2026-11-23T08:30:00-05:30", true},
    {"2026-11-23T14:00:00", false},   {"2026-11-23 14:00:00Z", false},
    {"2026-02-30T14:00:00Z", false},  {"2026-11-23T24:00:00Z", false},
    {"2026-13-01T00:00:00Z", false},  {"2026-11-23T14:00:00Zx", false},
    {"2026-11-23T14:00:00+1:00", false}, {"", false},
    {"26-11-23T14:00:00Z", false},    {"2026-11-23T14:00:", false},
};

START_TEST(instants_need_a_zone_and_have_to_exist)
{
    apr_time_t at;
    bool got = cfc_time_read(instants[_i].text, &at);

    ck_assert_msg(got == instants[_i].right, "%s", instants[_i].text);
    ck_assert_msg(at == (got ? NOW : 0), "%s: %s", instants[_i].text, cfc_time_iso(at, p));
}
END_TEST

START_TEST(spans_are_told_as_one_would_say_them)
{
    ck_assert_str_eq(cfc_time_span(-5, p), "0 s");
    ck_assert_str_eq(cfc_time_span(apr_time_from_sec(59), p), "59 s");
    ck_assert_str_eq(cfc_time_span(apr_time_from_sec(61), p), "1 min");
    ck_assert_str_eq(cfc_time_span(apr_time_from_sec(7300), p), "2 h 1 min");
    ck_assert_str_eq(cfc_time_span(apr_time_from_sec(7230), p), "2 h");
    ck_assert_str_eq(cfc_time_span(apr_time_from_sec(40 * 3600), p), "40 h");
    ck_assert_str_eq(cfc_time_span(apr_time_from_sec(3 * 86400), p), "3 d");
}
END_TEST

START_TEST(html_escapes_every_value)
{
    cfc_html_t *html = cfc_html_new(p);
    cfc_fill_t fills[] = {{"v", "<&>\"'", NULL}, {"h", NULL, html}, {NULL, NULL, NULL}};

    cfc_html_add(html, "<b title=\"%s\">%d %lld %%</b>", "\"><script>", -7, 5000000000LL);
    ck_assert_str_eq(cfc_html_text(html),
                     "<b title=\"&quot;&gt;&lt;script&gt;\">-7 5000000000 %</b>");
    ck_assert_str_eq(cfc_html_fill("{{v}}|{{h}}|{{nobody}}|{{a {{{v}}", fills, p),
                     apr_pstrcat(p, "&lt;&amp;&gt;&quot;&#39;|", cfc_html_text(html),
                                 "|{{nobody}}|{{a {&lt;&amp;&gt;&quot;&#39;", NULL));
}
END_TEST

START_TEST(a_form_token_is_good_for_its_user_and_some_hours)
{
    static const unsigned char secret[CFC_SECRET_BYTES] = "one", other[CFC_SECRET_BYTES] = "two";
    const char *token = cfc_form_token(secret, "anna", NOW, p);
    char *forged = apr_pstrdup(p, token);

    forged[0] = forged[0] == '0' ? '1' : '0';
    ck_assert(cfc_form_token_check(secret, "anna", NOW, token, p));
    ck_assert(cfc_form_token_check(secret, "anna", NOW + MINUTES(120), token, p));
    ck_assert(!cfc_form_token_check(secret, "anna", NOW + MINUTES(181), token, p));
    ck_assert(!cfc_form_token_check(secret, "anna", NOW - MINUTES(61), token, p));
    ck_assert(!cfc_form_token_check(secret, "bert", NOW, token, p));
    ck_assert(!cfc_form_token_check(other, "anna", NOW, token, p));
    ck_assert(!cfc_form_token_check(secret, "anna", NOW, forged, p));
    ck_assert(!cfc_form_token_check(secret, "anna", NOW, "", p));
}
END_TEST

START_TEST(a_signature_is_good_for_its_purpose_only)
{
    static const unsigned char secret[CFC_SECRET_BYTES] = "one";
    const char *signature = cfc_sign(secret, "said", "text", p);

    ck_assert(cfc_sign_check(secret, "said", "text", signature, p));
    ck_assert(!cfc_sign_check(secret, "form", "text", signature, p));
}
END_TEST

Suite *cfc_page_suite(void)
{
    Suite *suite = suite_create("page");
    TCase *tcase = tcase_create("page");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, retry_after_follows_the_announced_end_within_bounds, 0,
                        CFC_ROWS(waits));
    tcase_add_test(tcase, the_page_tells_message_and_end_and_asks_again);
    tcase_add_test(tcase, the_page_says_when_it_takes_longer_and_on_which_day);
    tcase_add_test(tcase, a_page_after_a_form_does_not_ask_again_by_itself);
    tcase_add_test(tcase, the_sites_own_page_gets_what_it_has_places_for);
    tcase_add_test(tcase, an_outage_does_not_speak_of_maintenance);
    tcase_add_test(tcase, json_clients_get_the_same);
    tcase_add_loop_test(tcase, each_form_is_what_it_says, 0, CFC_ROWS(bodies));
    tcase_add_loop_test(tcase, text_of_others_becomes_clean, 0, CFC_ROWS(texts));
    tcase_add_test(tcase, text_is_cut_between_characters);
    tcase_add_loop_test(tcase, instants_need_a_zone_and_have_to_exist, 0, CFC_ROWS(instants));
    tcase_add_test(tcase, spans_are_told_as_one_would_say_them);
    tcase_add_test(tcase, html_escapes_every_value);
    tcase_add_test(tcase, a_form_token_is_good_for_its_user_and_some_hours);
    tcase_add_test(tcase, a_signature_is_good_for_its_purpose_only);
    suite_add_tcase(suite, tcase);
    return suite;
}
