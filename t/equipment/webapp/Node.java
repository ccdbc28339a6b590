/* SPDX-License-Identifier: Apache-2.0
 * What this Tomcat knows about itself: its name, the state that /status reports, and what it
 * has been asked so far. One application a JVM, so it is all static. */
package equipment;

import jakarta.servlet.http.HttpSession;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

final class Node {
    /** Confluence's states with their HTTP codes, then ways to misbehave (code 0). */
    enum State {
        RUNNING(200), FIRST_RUN(200), STARTING(503), STOPPING(503), ERROR(500),
        HANG(0), DRIP(0), GARBAGE(0);

        final int code;

        State(int code) {
            this.code = code;
        }
    }

    static final String NAME = System.getProperty("cfc.node", "");
    static final AtomicInteger ACTIVE = new AtomicInteger();    /* requests being answered */
    static final AtomicInteger PROBES = new AtomicInteger();    /* requests for /status */
    static final Set<HttpSession> SESSIONS = ConcurrentHashMap.newKeySet();

    /* What came with an id, a line each; unlike the counters it outlives the process. */
    private static final FileOutputStream JOURNAL = journal();

    private static final Map<String, Integer> METHODS = new ConcurrentHashMap<>();
    private static final Map<String, Integer> IDS = new ConcurrentHashMap<>();
    private static State state = State.RUNNING;

    private Node() {
    }

    private static FileOutputStream journal() {
        try {
            return new FileOutputStream(System.getProperty("cfc.journal"), true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static synchronized State state() {
        return state;
    }

    static synchronized void setState(State next) {
        state = next;
        Node.class.notifyAll();
    }

    /** Returns when the state is no longer this one, or after the time, whichever is first. */
    static synchronized void awaitOther(State old, long millis) throws InterruptedException {
        if (state == old) {
            Node.class.wait(millis);
        }
    }

    /** Counts a request and returns how often its method came with this id (0 without one). */
    static int count(String method, String id) throws IOException {
        METHODS.merge(method, 1, Integer::sum);
        if (id == null) {
            return 0;
        }
        JOURNAL.write((method + " " + id + "\n").getBytes());
        return IDS.merge(method + " " + id, 1, Integer::sum);
    }

    static Map<String, Object> counters() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("node", NAME);
        all.put("state", state());
        all.put("requests", new TreeMap<>(METHODS));
        all.put("ids", new TreeMap<>(IDS));
        all.put("active", ACTIVE.get());
        all.put("probes", PROBES.get());
        all.put("sessions", SESSIONS.size());
        return all;
    }

    /** As after a fresh start: running, nothing counted, no session. */
    static void reset() {
        setState(State.RUNNING);
        METHODS.clear();
        IDS.clear();
        PROBES.set(0);
        new ArrayList<>(SESSIONS).forEach(HttpSession::invalidate);
    }
}
