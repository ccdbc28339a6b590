/* SPDX-License-Identifier: Apache-2.0
 * closed.js: on the page of a closed cluster: the planned end by the reader's own clock, with the
 * time left, and taking the reader on when the service is back. Without it the page is asked for
 * anew every 30 seconds. It stands in the page itself: every path of the cluster is closed. */
"use strict";

(function () {
    const LOOK_MS = 30000;
    const main = document.querySelector("main");
    const end = document.querySelector(".end");
    const until = Date.parse(main.dataset.until);                   /* NaN: not announced */
    const skew = Date.parse(main.dataset.now) - Date.now();         /* of the reader's clock */

    function span(seconds) {
        const minutes = Math.ceil(seconds / 60);

        return seconds < 120 ? seconds + " s"
            : minutes < 120 ? minutes + " min"
            : Math.floor(minutes / 60) + " h " + minutes % 60 + " min";
    }

    function showEnd() {
        const left = Math.ceil((until - skew - Date.now()) / 1000);
        const at = new Date(until);
        const today = at.toDateString() === new Date().toDateString();

        if (left <= 0) {
            end.textContent = "This takes a little longer than planned.";
            return;
        }
        end.querySelector("b").textContent = at.toLocaleString([], today
            ? { hour: "2-digit", minute: "2-digit" }
            : { weekday: "long", day: "numeric", month: "long", hour: "2-digit",
                minute: "2-digit" });
        end.querySelector(".left").textContent = span(left);
        setTimeout(showEnd, left < 120 ? 1000 : 5000);
    }

    /* Whether the answer says what this page says. One of a node's own says something else. */
    async function saysTheSame(answer) {
        try {
            const said = await answer.json();

            return said.state === main.dataset.state && (said.until || "") === main.dataset.until
                && said.message === document.querySelector(".message").textContent;
        } catch {
            return false;
        }
    }

    /* What was sent with a form is in the page before this one, if anywhere. To load this one
     * again would send nothing, or the half of it. */
    function takeOn() {
        if (main.dataset.sent === "") {
            location.reload();
            return;
        }
        document.title = "The service is back";
        document.querySelector(".foot").textContent = "The service is back. Go back in your "
            + "browser and send again what you sent: it has not arrived.";
    }

    async function look() {
        let answer;

        try {
            answer = await fetch(location.href, { cache: "no-store", redirect: "manual",
                                                  headers: { Accept: "application/json" } });
        } catch {
            return;                 /* not even httpd is there */
        }
        if (answer.status === 503) {
            if (main.dataset.sent === "" && !await saysTheSame(answer)) {
                location.reload();
            }
        } else if (answer.status < 500) {       /* a page with an error would look no further */
            clearInterval(timer);
            takeOn();
        }
    }

    const timer = setInterval(look, LOOK_MS);

    /* Browsers let the clocks of hidden pages go slow. */
    document.addEventListener("visibilitychange", function () {
        if (!document.hidden) {
            look();
        }
    });
    if (end && until) {
        showEnd();
    }
})();
