/* SPDX-License-Identifier: Apache-2.0
 * How tests steer a node: POST /_test/state?state=..., POST /_test/reset, GET /_test/counters.
 * Only for clients of this machine that come directly: what a proxy forwards is refused. */
package equipment;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Locale;

@WebServlet("/_test/*")
public class Control extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (!InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress()
                || request.getHeader("X-Forwarded-For") != null) {
            response.sendError(403);
            return;
        }
        switch (request.getMethod() + " " + request.getPathInfo()) {
            case "GET /counters" -> { }
            case "POST /reset" -> Node.reset();
            case "POST /state" -> Node.setState(Node.State.valueOf(
                Query.get(request, "state", "").toUpperCase(Locale.ROOT)));
            default -> {
                response.sendError(404);
                return;
            }
        }
        Json.send(response, Node.counters());
    }
}
