package dev.headroom.cli.verdict;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A line of output as the runner of GitHub Actions takes it for a command: {@code ::name
 * key=value,key=value::data}, every value unescaped, {@code %25} last.
 */
record WorkflowCommand(String name, Map<String, String> properties, String data) {

  static Optional<WorkflowCommand> parse(String line) {
    int end = line.startsWith("::") ? line.indexOf("::", 2) : -1;
    if (end < 0) {
      return Optional.empty();
    }
    String head = line.substring(2, end);
    int space = head.indexOf(' ');
    Map<String, String> properties = new LinkedHashMap<>();
    if (space > 0) {
      for (String pair : head.substring(space + 1).trim().split(",")) {
        String[] parts = pair.split("=", 2);
        if (parts.length == 2) {
          properties.put(parts[0], unescape(parts[1].replace("%3A", ":").replace("%2C", ",")));
        }
      }
    }
    String name = space < 0 ? head : head.substring(0, space);
    return Optional.of(new WorkflowCommand(name, properties, unescape(line.substring(end + 2))));
  }

  private static String unescape(String text) {
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
  }
}
