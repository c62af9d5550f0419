package dev.headroom.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What all commands share: the common options and where results and notes go. */
public abstract class HeadroomCommand implements Callable<Integer> {

  @Mixin CommonOptions common = new CommonOptions();

  @Spec CommandSpec spec;

  /** Returns the options that every command has. */
  protected final CommonOptions common() {
    return common;
  }

  /** Returns the writer for results. */
  protected final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Returns the writer for messages and progress. */
  protected final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Writes a remark for the user to standard error unless {@code --quiet}. */
  protected final void note(String message) {
    if (!common.quiet) {
      err().println(message);
      err().flush();
    }
  }

  /** Writes the result, as JSON or as text, to {@code -o FILE} or standard output. */
  protected final void emit(JsonObject json, Supplier<String> text) {
    emit(common.json ? Json.text(json) : text.get());
  }

  /** Writes a finished result to {@code -o FILE} or standard output. */
  protected final void emit(String result) {
    if (common.output == null) {
      out().print(result);
      out().flush();
    } else {
      OutputFile.write(common.output, result.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Begins the JSON object of this command's result: version, schema and command. */
  protected final JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("headroom", Headroom.VERSION);
    json.addProperty("schema", 1);
    String name = spec.name();
    json.addProperty("command", name.substring(name.lastIndexOf(' ') + 1));
    return json;
  }
}
