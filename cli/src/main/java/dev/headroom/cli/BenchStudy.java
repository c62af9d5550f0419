package dev.headroom.cli;

import com.google.gson.JsonObject;
import dev.headroom.cli.report.Scene;

/** What a study of losses came to, in each of the forms that {@code headroom bench} writes. */
interface BenchStudy {

  /** Returns the tables for people. */
  String text();

  /** Returns a page that can be stored beside others. */
  String markdown(BenchSurroundings where);

  /** Adds the fields. */
  void addTo(JsonObject json);

  /** Draws means with their intervals. */
  Scene chart();
}
