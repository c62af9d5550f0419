package dev.headroom.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * What one command line gave, run in this process.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record Ran(int code, String out, String err) {

  static Ran headroom(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Headroom.run(args, new PrintWriter(out), new PrintWriter(err));
    return new Ran(code, out.toString(), err.toString());
  }

  /** Says whether a Java stack trace was shown. */
  boolean hasTrace() {
    return (out + err).contains("\tat ") || (out + err).contains("Exception");
  }
}
