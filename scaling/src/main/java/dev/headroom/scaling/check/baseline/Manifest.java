package dev.headroom.scaling.check.baseline;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The manifest of a baseline as JSON: schema 1, the case, the golden runs. */
record Manifest(String caseName, List<Golden> golden) {
  private static final int SCHEMA = 1;
  private static final long LARGEST = 64L << 20;
  private static final Gson JSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  Manifest {
    golden = List.copyOf(golden);
  }

  static Manifest read(Path file) {
    try {
      if (Files.size(file) > LARGEST) {
        throw BaselineFolder.fault(file, "more than 64 MiB (expected: a manifest)");
      }
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      int schema = json.get("schema").getAsInt();
      if (schema != SCHEMA) {
        throw BaselineFolder.fault(
            file, "schema " + schema + " (expected: 1; a newer Headroom wrote it)");
      }
      List<Golden> golden = new ArrayList<>();
      for (JsonElement one : json.getAsJsonArray("golden")) {
        golden.add(golden(one.getAsJsonObject()));
      }
      return new Manifest(json.get("case").getAsString(), golden);
    } catch (IOException
        | com.google.gson.JsonParseException
        | IllegalStateException
        | NullPointerException
        | UnsupportedOperationException
        | NumberFormatException
        | ClassCastException e) {
      throw BaselineFolder.fault(
          file,
          "no manifest of a baseline (expected: the JSON that headroom baseline add writes; restore"
              + " it from version control)");
    }
  }

  private static Golden golden(JsonObject json) {
    Map<String, String> settings = new LinkedHashMap<>();
    json.getAsJsonObject("settings")
        .entrySet()
        .forEach(e -> settings.put(e.getKey(), e.getValue().getAsString()));
    String file = json.get("file").getAsString();
    String sha256 = json.get("sha256").getAsString();
    // A manifest comes with a checkout: it may not point out of its folder.
    if (!file.matches("[0-9a-f]{12}\\.jsonl") || !sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalStateException("file or sha256");
    }
    return new Golden(
        file,
        sha256,
        json.get("source").getAsString(),
        json.get("hardware").getAsString(),
        json.get("version").getAsString(),
        json.get("points").getAsInt(),
        json.get("lastStep").getAsLong(),
        json.get("lastLoss").getAsDouble(),
        settings);
  }

  void write(Path file) throws IOException {
    JsonObject json = new JsonObject();
    json.addProperty("schema", SCHEMA);
    json.addProperty("case", caseName);
    JsonArray list = new JsonArray();
    for (Golden one : golden) {
      list.add(json(one));
    }
    json.add("golden", list);
    BaselineFolder.write(file, (JSON.toJson(json) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  static JsonObject json(Golden golden) {
    JsonObject json = new JsonObject();
    json.addProperty("file", golden.file());
    json.addProperty("sha256", golden.sha256());
    json.addProperty("source", golden.source());
    json.addProperty("hardware", golden.hardware());
    json.addProperty("version", golden.version());
    json.addProperty("points", golden.points());
    json.addProperty("lastStep", golden.lastStep());
    json.addProperty("lastLoss", golden.lastLoss());
    JsonObject settings = new JsonObject();
    golden.settings().forEach(settings::addProperty);
    json.add("settings", settings);
    return json;
  }
}
