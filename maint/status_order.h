/* SPDX-License-Identifier: Apache-2.0
 * status_order.h: the page of one order: what it would do, what can be said with it, and the button
 * that gives it. */
#ifndef CFC_MAINT_STATUS_ORDER_H
#define CFC_MAINT_STATUS_ORDER_H

#include <stdbool.h>

#include "maint/sheet.h"

/** Whether there is such a page for an action. */
bool cfc_order_page_known(const char *action);

/**
 * Write it, with s->page->preview, and with the values of s->page->order filled in. status.js takes
 * the element "order" out of it and shows it as a dialog.
 */
void cfc_order_page(const cfc_sheet_t *s);

/** The button that leads to it. @param now it is so already */
void cfc_order_button(const cfc_sheet_t *s, const char *id, const char *action, const char *label,
                      bool now);

/**
 * Begin the form around such buttons. The caller ends it.
 * @return false: the page is for reading, there are to be no buttons, and no form was begun
 */
bool cfc_order_buttons(const cfc_sheet_t *s, const char *cluster, const char *noun,
                       const char *name);

#endif
