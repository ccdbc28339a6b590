/* SPDX-License-Identifier: Apache-2.0
 * maintenance-banner.js: a line at the top of each page while a maintenance is announced, asked for
 * every minute. docs/maintenance.md says how it gets into Confluence. It loads nothing but the
 * announcement, whose address is in the script element's data-announcement. */
"use strict";

(function () {
    const url = document.currentScript.dataset.announcement;
    const banner = document.createElement("div");

    banner.id = "maintenance-banner";
    banner.setAttribute("role", "status");
    banner.style.cssText = "padding: 8px 16px; text-align: center; font: 14px/1.4 sans-serif;"
        + "color: #172b4d; background: #fff0b3; white-space: pre-line";

    function when(instant) {
        return new Date(instant).toLocaleString([], {dateStyle: "medium", timeStyle: "short"});
    }

    /* Of the whole, or of one path; "": it is open. */
    function line(plan) {
        if (plan.state === "open") {
            return "";
        }
        return [plan.path ? "Part of this site:" : "",
                plan.state === "scheduled" ? `Maintenance from ${when(plan.from)}` : "Maintenance",
                plan.until ? `until ${when(plan.until)}.` : ".",
                plan.message || ""].join(" ").replace(" .", ".").trim();
    }

    function show(announcement) {
        const lines = [announcement, ...announcement.parts].map(line).filter(Boolean);

        banner.textContent = lines.join("\n");
        if (lines.length === 0) {
            banner.remove();
        } else if (!banner.isConnected) {
            document.body.prepend(banner);
        }
    }

    function look() {
        fetch(url)
            .then((answer) => answer.ok ? answer.json().then(show) : undefined)
            .catch(() => undefined);    /* without an answer the banner stays as it is */
    }

    look();
    setInterval(look, 60000);
})();
