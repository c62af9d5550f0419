package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.report.MemoryChart;
import dev.headroom.head.bench.HeadMeasurement;
import dev.headroom.head.bench.ShapeResult;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Writes what was measured as JSON, as tables and as bars. */
final class BenchReport {
  /** What the table of rates shows. */
  static final String ROOFLINE =
      "Rates, counting 6 N D V operations, beside the three bare float32 products of the same shape:";

  private final List<ShapeResult> shapes;

  BenchReport(List<ShapeResult> shapes) {
    this.shapes = List.copyOf(shapes);
  }

  private List<HeadMeasurement> heads() {
    return shapes.stream().flatMap(shape -> shape.heads().stream()).toList();
  }

  /** Returns the versions of Python and PyTorch that took part, or an empty text. */
  String peer() {
    return shapes.stream().map(ShapeResult::peer).filter(p -> !p.isEmpty()).findAny().orElse("");
  }

  /** Returns every remark once: of the shapes, of their heads, of the rows judged. */
  List<String> notes() {
    Set<String> notes = new LinkedHashSet<>();
    for (ShapeResult shape : shapes) {
      notes.addAll(shape.notes());
    }
    for (ShapeResult shape : shapes) {
      for (HeadMeasurement head : shape.heads()) {
        if (!head.note().isEmpty()) {
          notes.add(head.shape() + " " + head.head() + ": " + head.note());
        }
      }
      if (shape.lossRows() < shape.shape().n()) {
        notes.add(
            shape.shape()
                + ": the losses of "
                + shape.lossRows()
                + " evenly spaced rows were held against float64, not of all");
      }
    }
    return List.copyOf(notes);
  }

  /** Returns the bars of those whose peak is known. */
  List<MemoryChart.Bar> bars() {
    return heads().stream()
        .filter(m -> m.peakExtraBytes() >= 0)
        .map(m -> new MemoryChart.Bar(m.shape().toString(), m.head(), m.peakExtraBytes()))
        .toList();
  }

  /** Adds the fields of the measurements. */
  void addTo(JsonObject json) {
    if (!peer().isEmpty()) {
      json.addProperty("peer", peer());
    }
    JsonArray results = new JsonArray();
    heads().forEach(head -> results.add(json(head)));
    json.add("results", results);
    JsonArray roofline = new JsonArray();
    for (ShapeResult shape : shapes) {
      shape.heads().forEach(head -> roofline.add(json(shape, head)));
    }
    json.add("roofline", roofline);
    JsonObject lossRows = new JsonObject();
    shapes.forEach(shape -> lossRows.addProperty(shape.shape().toString(), shape.lossRows()));
    json.add("lossRows", lossRows);
    json.add("notes", Json.texts(notes()));
  }

  private static JsonObject json(HeadMeasurement m) {
    JsonObject one = new JsonObject();
    one.addProperty("shape", m.shape().toString());
    one.addProperty("head", m.head());
    one.addProperty("engine", m.engine());
    one.add("seconds", Json.number(m.seconds()));
    one.add("speedup", Json.number(m.speedup()));
    one.add(
        "peakExtraBytes", Json.number(m.peakExtraBytes() < 0 ? Double.NaN : m.peakExtraBytes()));
    one.add("lossError", Json.number(m.lossError()));
    one.addProperty("note", m.note());
    return one;
  }

  private static JsonObject json(ShapeResult shape, HeadMeasurement m) {
    JsonObject one = new JsonObject();
    one.addProperty("shape", m.shape().toString());
    one.addProperty("head", m.head());
    one.add("gflops", Json.number(shape.gigaflops(m.seconds())));
    one.add("productGflops", Json.number(shape.gigaflops(shape.productSeconds())));
    one.add("productSeconds", Json.number(shape.productSeconds()));
    one.add("ratio", Json.number(m.seconds() / shape.productSeconds()));
    return one;
  }

  /** Returns the rows of the table of rates, its heading first. */
  List<String[]> rooflineRows() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"shape", "head", "GFLOP/s", "bare products GFLOP/s", "time / products"});
    for (ShapeResult shape : shapes) {
      for (HeadMeasurement m : shape.heads()) {
        rows.add(
            new String[] {
              m.shape().toString(),
              m.head(),
              Figures.of(shape.gigaflops(m.seconds()), 3),
              Figures.of(shape.gigaflops(shape.productSeconds()), 3),
              Figures.of(m.seconds() / shape.productSeconds(), 3)
            });
      }
    }
    return rows;
  }

  /** Returns the rows of the table of heads, its heading first. */
  List<String[]> headRows() {
    List<String[]> rows = new ArrayList<>();
    rows.add(
        new String[] {"shape", "head", "engine", "seconds", "speedup", "extra MiB", "loss error"});
    for (HeadMeasurement m : heads()) {
      rows.add(
          new String[] {
            m.shape().toString(),
            m.head(),
            m.engine(),
            Figures.of(m.seconds(), 3),
            Figures.of(m.speedup(), 3),
            m.peakExtraBytes() < 0 ? "?" : Figures.of(m.peakExtraBytes() / 1048576.0, 4),
            Figures.of(m.lossError(), 2)
          });
    }
    return rows;
  }

  /** Returns the tables and the notes for people. */
  String text() {
    StringBuilder text = new StringBuilder(Figures.table(headRows()));
    text.append('\n').append(ROOFLINE).append('\n');
    text.append(Figures.table(rooflineRows())).append('\n');
    notes().forEach(note -> text.append(note).append('\n'));
    return text.toString();
  }
}
