package dev.headroom.listeners;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.forecast.LiveForecast;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ForecastLineTest {
  private static final int TOTAL = 2000;

  @Test
  void tellsOfTheEndWithItsBand() {
    Schedule schedule = Schedule.parse("cosine(peak=1e-3,warmup=50,total=" + TOTAL + ")");
    List<String> lines = new ArrayList<>();
    ForecastLine observer =
        new ForecastLine(new LiveForecast(schedule, List.of(), 0.8), 400, lines::add);
    for (long i = 1; i <= 1600; i++) {
      float loss = (float) (2.5 + 6 / Math.pow(i, 0.4) + 0.01 * Math.sin(5.1 * i));
      observer.onStep(new TrainingStep(i, 0, loss, null, null, i, Map.of()));
    }
    assertEquals(4, lines.size());
    Matcher matcher =
        Pattern.compile("step 1600: loss (\\S+) forecast at step 2000, 80 % band (\\S+) to (\\S+)")
            .matcher(lines.get(3));
    assertTrue(matcher.matches(), lines.get(3));
    double end = Double.parseDouble(matcher.group(1));
    assertEquals(2.5 + 6 / Math.pow(TOTAL, 0.4), end, 0.06);
    assertTrue(Double.parseDouble(matcher.group(2)) <= end);
    assertTrue(Double.parseDouble(matcher.group(3)) >= end);
  }
}
