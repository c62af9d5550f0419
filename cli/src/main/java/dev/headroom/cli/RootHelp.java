package dev.headroom.cli;

/** The text of {@code headroom --help}. */
final class RootHelp {
  private RootHelp() {}

  static String text() {
    StringBuilder text =
        new StringBuilder(
            """
            Headroom: train language models on the JVM without the memory of N x V logits, and
            fit, forecast and check their losses.

            Examples:
              headroom demo
              headroom fit chinchilla points.csv --map n=N,d=D --bootstrap 1000
              headroom forecast run.jsonl --schedule 'cosine(peak=3e-4,warmup=2000,total=24000)' --to 24000
              headroom check run.jsonl --json
              headroom report run1.jsonl run2.jsonl -o report.html

            Usage: headroom COMMAND [OPTIONS] [FILES]
                   headroom COMMAND --help

            Commands:
            """);
    for (Commands command : Commands.values()) {
      text.append(String.format("  %-9s %s%n", command.word(), command.description()));
    }
    return text.append(
            """

            Options:
              -h, --help     this text
              -V, --version  the version

            Exit codes: 0 good; 1 a check failed; 2 usage; 3 input unreadable or empty, or output not
            writable; 4 fit not converged or not identifiable; 70 a defect of Headroom.
            """)
        .toString();
  }
}
