package dev.headroom.cli;

import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns any log into a canonical one. */
@Command(
    name = "headroom convert",
    sortOptions = false,
    header = {
      "Turns any log into canonical JSONL (or CSV): the columns of a run under their canonical",
      "names, all others as they are, every number to its last bit, rows as they stand in the log.",
      "",
      "Examples:",
      "  headroom convert train_log.txt.gz -o run.jsonl",
      "  headroom convert wandb_export.csv --to csv > run.csv",
      "  headroom convert runs/*.log -o converted/",
      ""
    },
    footer = {"", "Exit codes: 0 good; 2 usage; 3 a log is unreadable or empty."})
final class ConvertCommand extends HeadroomCommand {

  /** Formats that are written. */
  enum To {
    JSONL,
    CSV
  }

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description =
          "Logs of any format that is read; - is standard input. Several need -o FOLDER, where"
              + " each gets a file of its name.")
  List<String> files;

  @Mixin LogOptions log = new LogOptions();

  @Option(
      names = "--to",
      paramLabel = "FORMAT",
      description = "jsonl or csv; by default that of the output's name, else jsonl.")
  To to;

  @Override
  public Integer call() {
    LogFiles reader = log.files();
    Path output = common().output();
    if (files.size() == 1 && (output == null || !isFolder(output))) {
      convert(reader, files.get(0), output);
      return ExitCode.OK;
    }
    if (output == null || (Files.exists(output) && !Files.isDirectory(output))) {
      throw new CommandException(
          ExitCode.USAGE,
          "output: "
              + (output == null ? "none" : output)
              + " (expected: -o FOLDER for "
              + Figures.count(files.size(), "log")
              + ")");
    }
    Set<String> names = new HashSet<>();
    for (String file : files) {
      String name = name(file);
      if (!names.add(name)) {
        throw new CommandException(
            ExitCode.USAGE, "output: two logs are called " + name + " (expected: different names)");
      }
    }
    for (String file : files) {
      convert(reader, file, output.resolve(name(file)));
    }
    return ExitCode.OK;
  }

  private static boolean isFolder(Path output) {
    return Files.isDirectory(output) || output.toString().endsWith("/");
  }

  private String name(String file) {
    Path name = file.equals("-") ? null : Path.of(file).toAbsolutePath().normalize().getFileName();
    String stem = name == null ? "stdin" : name.toString();
    stem = stem.replaceFirst("(?i)\\.gz$", "").replaceFirst("(?i)\\.(jsonl|json|csv|txt|log)$", "");
    return stem + "." + format(null).name().toLowerCase(Locale.ROOT);
  }

  private To format(Path output) {
    if (to != null) {
      return to;
    }
    return output != null && output.toString().toLowerCase(Locale.ROOT).endsWith(".csv")
        ? To.CSV
        : To.JSONL;
  }

  private void convert(LogFiles reader, String file, Path output) {
    boolean csv = format(output) == To.CSV;
    if (output == null) {
      notes(reader.convert(file, out(), csv));
      return;
    }
    OutputFile.write(
        output,
        bytes -> {
          Writer text = new OutputStreamWriter(bytes, StandardCharsets.UTF_8);
          notes(reader.convert(file, new BufferedWriter(text, 1 << 16), csv));
        });
  }

  private void notes(List<String> notes) {
    notes.forEach(n -> note("note: " + n));
  }
}
