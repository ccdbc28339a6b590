/* SPDX-License-Identifier: Apache-2.0
 * Routes that put load on what lies between client and node: bodies of any size both ways,
 * waiting, redirects, cookies, any status. */
package equipment;

import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

@WebServlet({"/upload", "/download", "/slow", "/redirect", "/cookie", "/answer", "/echo",
             "/unique", "/synchrony/heartbeat"})
public class Exercise extends HttpServlet {
    private static final byte[] ALPHABET = "abcdefghijklmnopqrstuvwxyz".getBytes();

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException, ServletException {
        try {
            switch (request.getServletPath()) {
                case "/upload" -> upload(request, response);
                case "/download" -> download(request, response);
                case "/slow" -> slow(request, response);
                case "/redirect" -> redirect(request, response);
                case "/cookie" -> cookie(response);
                case "/answer" -> response.setStatus((int) Query.number(request, "status", 200));
                case "/echo" -> echo(request, response);
                case "/unique" -> Json.send(response, Map.of(
                    "node", Node.NAME, "times", request.getAttribute(Door.TIMES)));
                default -> response.getOutputStream().print("OK");
            }
        } catch (InterruptedException | NoSuchAlgorithmException e) {
            throw new ServletException(e);
        }
    }

    /* ?ms=N waits before the answer, with the body read. */
    private void upload(HttpServletRequest request, HttpServletResponse response)
            throws IOException, InterruptedException, NoSuchAlgorithmException {
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        long bytes = 0;
        byte[] buffer = new byte[65536];
        InputStream in = request.getInputStream();
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            sha256.update(buffer, 0, n);
            bytes += n;
        }
        Thread.sleep(Query.number(request, "ms", 0));
        response.setHeader("X-Test-Bytes", Long.toString(bytes));
        Map<String, Object> receipt = new LinkedHashMap<>();
        receipt.put("node", Node.NAME);
        receipt.put("method", request.getMethod());
        receipt.put("bytes", bytes);
        receipt.put("sha256", HexFormat.of().formatHex(sha256.digest()));
        receipt.put("contentLength", request.getContentLengthLong());
        Json.send(response, receipt);
    }

    /* ?bytes=N: the alphabet over and over, N bytes of it, with their length announced. */
    private void download(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        long bytes = Query.number(request, "bytes", 0);
        response.setContentType("application/octet-stream");
        response.setContentLengthLong(bytes);
        write(response.getOutputStream(), bytes);
    }

    /* ?ms=N waits; with &bytes=M, M bytes go out first and the rest of the answer stalls. */
    private void slow(HttpServletRequest request, HttpServletResponse response)
            throws IOException, InterruptedException {
        long bytes = Query.number(request, "bytes", 0);
        response.setContentType("text/plain");
        if (bytes > 0) {
            write(response.getOutputStream(), bytes);
            response.flushBuffer();
        }
        Thread.sleep(Query.number(request, "ms", 1000));
        response.getOutputStream().print("done");
    }

    /* ?to=/x redirects as the container does by itself; &absolute=1 with scheme and host. */
    private void redirect(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String to = Query.get(request, "to", "/");
        if (Query.get(request, "absolute", null) == null) {
            response.sendRedirect(to);
            return;
        }
        String self = request.getRequestURL().toString();
        response.setStatus(302);
        response.setHeader("Location",
            self.substring(0, self.length() - request.getRequestURI().length()) + to);
    }

    private void cookie(HttpServletResponse response) {
        Cookie plain = new Cookie("plain", "1");
        Cookie narrow = new Cookie("narrow", "2");
        narrow.setPath("/cookie");
        narrow.setHttpOnly(true);
        narrow.setAttribute("SameSite", "Lax");
        Cookie lasting = new Cookie("lasting", "3");
        lasting.setPath("/");
        lasting.setMaxAge(3600);
        response.addCookie(plain);
        response.addCookie(narrow);
        response.addCookie(lasting);
    }

    private void echo(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (request.getContentType() != null) {
            response.setContentType(request.getContentType());
        }
        request.getInputStream().transferTo(response.getOutputStream());
    }

    private static void write(OutputStream out, long bytes) throws IOException {
        byte[] block = new byte[ALPHABET.length * 512];
        for (int i = 0; i < block.length; i++) {
            block[i] = ALPHABET[i % ALPHABET.length];
        }
        for (long left = bytes; left > 0; left -= block.length) {
            out.write(block, 0, (int) Math.min(left, block.length));
        }
    }
}
