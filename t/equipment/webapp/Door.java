/* SPDX-License-Identifier: Apache-2.0
 * Every request comes through here: it is counted, and the answer says which node gave it. */
package equipment;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.annotation.WebListener;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSessionEvent;
import jakarta.servlet.http.HttpSessionListener;
import java.io.IOException;

@WebFilter("/*")
@WebListener
public class Door extends HttpFilter implements HttpSessionListener {
    static final String TIMES = "equipment.times";

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response,
                            FilterChain chain) throws IOException, ServletException {
        response.setHeader("X-Test-Node", Node.NAME);
        String path = request.getServletPath();
        if (path.startsWith("/_test") || path.equals("/status")) {
            chain.doFilter(request, response);
            return;
        }
        int times = Node.count(request.getMethod(), Query.get(request, "id", null));
        request.setAttribute(TIMES, times);
        Node.ACTIVE.incrementAndGet();
        try {
            chain.doFilter(request, response);
        } finally {
            Node.ACTIVE.decrementAndGet();
        }
    }

    @Override
    public void sessionCreated(HttpSessionEvent event) {
        Node.SESSIONS.add(event.getSession());
    }

    @Override
    public void sessionDestroyed(HttpSessionEvent event) {
        Node.SESSIONS.remove(event.getSession());
    }
}
