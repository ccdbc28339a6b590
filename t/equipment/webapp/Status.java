/* SPDX-License-Identifier: Apache-2.0
 * /status as Confluence answers it: the exact body, and 200 for FIRST_RUN too, which is why a
 * code alone proves nothing. The misbehaving states are what probes must survive. */
package equipment;

import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

@WebServlet("/status")
public class Status extends HttpServlet {
    private static final long DRIP_MS = 1000;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws IOException, ServletException {
        Node.PROBES.incrementAndGet();
        Node.State state = Node.state();
        try {
            switch (state) {
                case HANG -> hang(response);
                case DRIP -> drip(response);
                case GARBAGE -> garbage(response);
                default -> {
                    response.setStatus(state.code);
                    Json.send(response, Map.of("state", state));
                }
            }
        } catch (InterruptedException e) {
            throw new ServletException(e);
        }
    }

    /* The thread is given back when a test ends; whoever asked has long gone by then. */
    private void hang(HttpServletResponse response) throws IOException, InterruptedException {
        while (Node.state() == Node.State.HANG) {
            Node.awaitOther(Node.State.HANG, 0);
        }
        response.setStatus(503);
    }

    private void drip(HttpServletResponse response) throws IOException, InterruptedException {
        response.setContentType("application/json");
        byte[] body = Json.of(Map.of("state", "RUNNING")).getBytes(StandardCharsets.UTF_8);
        for (byte b : body) {
            response.getOutputStream().write(b);
            response.flushBuffer();
            Node.awaitOther(Node.State.DRIP, DRIP_MS);
        }
    }

    private void garbage(HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        response.getWriter().print("<html>RUNNING, or so it seems</html>");
    }
}
