/* SPDX-License-Identifier: Apache-2.0
 * readings.c: what must hold of every target, however hostile, for guard/target.c and areas.c.
 * libFuzzer makes the targets; tools/fuzz builds and runs it. Whether a reading is missing that
 * some layer takes is t/guard/test_differential.py's.
 *
 *  input   byte 0     bit 0: encoded slashes are allowed
 *          byte 1, 2  which letters and segments a second spelling changes
 *          the rest   the target */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/areas.h"
#include "guard/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONTEXT "/wiki"

static const cfc_rule_t rules[] = {
    {CFC_RULE_PREFIX, "/admin"},
    {CFC_RULE_PREFIX, "/json"},
    {CFC_RULE_ACTION, "/spaces/removespace.action"},
    {CFC_RULE_ACTION, "/login.action"},
    {CFC_RULE_SUFFIX, ".vm"},
    {CFC_RULE_PREFIX, NULL}
};
static const cfc_rule_t allowed[] = {
    {CFC_RULE_EXACT, "/json/beat.action"},
    {CFC_RULE_PREFIX, "/display"},
    {CFC_RULE_PREFIX, NULL}
};
static const cfc_area_t area = {.name = "area", .rules = rules, .allowed = allowed};

typedef struct {
    bool encoded_slash;
    char *scratch;
    const char *complaint;
    cfc_readings_t readings;
} judged_t;

#define MUST(holds, path) \
    do { \
        if (!(holds)) { \
            fprintf(stderr, "does not hold: %s\n  of %s\n", #holds, path); \
            abort(); \
        } \
    } while (0)

/* With scratch of exactly the promised size, full of `litter`. */
static judged_t judge(const char *path, bool encoded_slash, int litter)
{
    size_t bytes = cfc_target_scratch_bytes(path);
    judged_t judged = {.encoded_slash = encoded_slash, .scratch = malloc(bytes + (bytes == 0))};

    memset(judged.scratch, litter, bytes);
    memset(&judged.readings, litter, sizeof(judged.readings));
    judged.complaint = cfc_target_read(path, encoded_slash, judged.scratch, &judged.readings);
    return judged;
}

static bool has(const cfc_readings_t *readings, const char *path)
{
    for (size_t i = 0; i < readings->count; i++) {
        if (strcmp(readings->path[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static bool covered(const cfc_readings_t *readings, const char *context)
{
    for (size_t i = 0; i < readings->count; i++) {
        if (cfc_area_covers(&area, readings->path[i], context)) {
            return true;
        }
    }
    return false;
}

/* Segments that are left when ".." takes one away; -1: it has nothing to take. */
static int depth(const char *path)
{
    int segments = 0;

    for (const char *slash = path; slash != NULL && segments >= 0; slash = strchr(slash + 1, '/')) {
        size_t length = strcspn(slash + 1, "/");

        if (length == 2 && strncmp(slash + 1, "..", 2) == 0) {
            segments--;
        }
        else if (length != 1 || slash[1] != '.') {
            segments++;
        }
    }
    return segments;
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < 0x20 || byte == 0x7f || (byte >= 'A' && byte <= 'Z')) {
            return false;
        }
    }
    return true;
}

static void check_shape(const judged_t *judged, const char *path)
{
    const cfc_readings_t *readings = &judged->readings;

    MUST((judged->complaint == NULL) == (readings->count > 0), path);
    MUST(readings->count <= CFC_READINGS_MAX, path);
    for (size_t i = 0; i < readings->count; i++) {
        MUST(readings->path[i][0] == '/', path);
        MUST(is_plain(readings->path[i]), path);
        MUST(strlen(readings->path[i]) <= strcspn(path, "?"), path);
        MUST(depth(readings->path[i]) >= 0, path);
        for (size_t other = 0; other < i; other++) {
            MUST(strcmp(readings->path[i], readings->path[other]) != 0, path);
        }
    }
}

/* What surrounds the path in memory, or was in it before, makes no difference. */
static void check_again(const judged_t *judged, const char *path)
{
    judged_t again = judge(path, judged->encoded_slash, 0x2f);

    MUST(again.complaint == judged->complaint, path);
    MUST(again.readings.count == judged->readings.count, path);
    for (size_t i = 0; i < again.readings.count; i++) {
        MUST(strcmp(again.readings.path[i], judged->readings.path[i]) == 0, path);
    }
    free(again.scratch);
}

/* A reading of a reading is one of the path, or the reading would be refused as a target. */
static void check_closed(const judged_t *judged, const char *path)
{
    for (size_t i = 0; i < judged->readings.count; i++) {
        judged_t inner = judge(judged->readings.path[i], judged->encoded_slash, 0xff);

        for (size_t k = 0; k < inner.readings.count; k++) {
            MUST(has(&judged->readings, inner.readings.path[k]), path);
        }
        free(inner.scratch);
    }
}

/* Another spelling can be read in every way in which this one can, or is refused. */
static void check_spelling(const judged_t *judged, const char *spelling)
{
    judged_t other = judge(spelling, judged->encoded_slash, 0x25);

    if (other.complaint == NULL) {
        for (size_t i = 0; i < judged->readings.count; i++) {
            MUST(has(&other.readings, judged->readings.path[i]), spelling);
        }
        MUST(!covered(&judged->readings, NULL) || covered(&other.readings, NULL), spelling);
        MUST(!covered(&judged->readings, CONTEXT) || covered(&other.readings, CONTEXT), spelling);
    }
    free(other.scratch);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Write path with the letters and ends of segments that `mask` says in another spelling. */
static void respell(const char *path, unsigned mask, bool encode, bool parameters, char *out)
{
    size_t length = strcspn(path, "?"), turn = 0;

    for (size_t i = 0; i < length; i++) {
        if (parameters && i > 0 && path[i] == '/' && (mask >> turn++ % 16 & 1)) {
            out += sprintf(out, ";x");
        }
        if (encode && is_letter(path[i]) && (mask >> turn++ % 16 & 1)) {
            out += sprintf(out, "%%%02x", (unsigned char)path[i]);
        }
        else {
            *out++ = path[i];
        }
    }
    strcpy(out, parameters ? ";y" : "");
}

static void turn_case(char *path, unsigned mask)
{
    size_t turn = 0;

    for (; *path != '\0' && *path != '?'; path++) {
        if (is_letter(*path) && (mask >> turn++ % 16 & 1)) {
            *path ^= 'a' ^ 'A';
        }
    }
}

static void check_spellings(const judged_t *judged, const char *path, unsigned mask)
{
    char *spelling = malloc(3 * strlen(path) + 64);
    bool encode = strchr(path, '%') == NULL, parameters = strchr(path, ';') == NULL;

    respell(path, mask, encode, parameters, spelling);
    check_spelling(judged, spelling);
    strcpy(spelling, path);
    turn_case(spelling, mask);
    check_spelling(judged, spelling);
    sprintf(spelling, "/s/%x/_%s", mask, path);
    check_spelling(judged, spelling);
    if (strstr(path, "/.") == NULL && encode) {
        sprintf(spelling, mask & 1 ? "/x/..%s" : "/%%2e%s", path);
        check_spelling(judged, spelling);
        if (parameters) {
            sprintf(spelling, "/s/%x/_/download/images/..;%s", mask, path);
            check_spelling(judged, spelling);
        }
    }
    free(spelling);
}

static void check_path(const char *path, bool encoded_slash, unsigned mask)
{
    judged_t judged = judge(path, encoded_slash, 0);

    check_shape(&judged, path);
    check_again(&judged, path);
    if (judged.complaint == NULL) {
        check_closed(&judged, path);
        check_spellings(&judged, path, mask);
    }
    for (size_t i = 0; i < judged.readings.count; i++) {
        cfc_reading_leaves(judged.readings.path[i], CONTEXT);
    }
    free(judged.scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path;
    char *target;

    if (size < 3) {
        return 0;
    }
    target = strndup((const char *)data + 3, size - 3);
    path = cfc_target_path(target);
    if (path != NULL) {
        MUST(path[0] == '/', target);
        check_path(path, data[0] & 1, data[1] | (unsigned)data[2] << 8);
    }
    free(target);
    return 0;
}
