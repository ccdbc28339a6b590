/* SPDX-License-Identifier: Apache-2.0
 * Writes maps, lists, strings, numbers and booleans as JSON; reads nothing. */
package equipment;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

final class Json {
    private Json() {
    }

    static String of(Object value) {
        if (value instanceof Map<?, ?> map) {
            return list(map.entrySet().stream()
                .map(e -> quote(e.getKey().toString()) + ":" + of(e.getValue())), "{", "}");
        }
        if (value instanceof Iterable<?> items) {
            return list(StreamSupport.stream(items.spliterator(), false).map(Json::of), "[", "]");
        }
        if (value == null || value instanceof Number || value instanceof Boolean) {
            return String.valueOf(value);
        }
        return quote(value.toString());
    }

    /** Answers with exactly this JSON: no charset in the type, a Content-Length. */
    static void send(HttpServletResponse response, Object value) throws IOException {
        byte[] body = of(value).getBytes(StandardCharsets.UTF_8);
        response.setContentType("application/json");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    private static String list(Stream<String> items, String open, String close) {
        return items.collect(Collectors.joining(",", open, close));
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
