package dev.headroom.cli.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import dev.headroom.scaling.check.FailOn;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JsonReportTest {

  private static Set<ValidationMessage> faults(String json) {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(VersionFlag.V202012)
            .getSchema(JsonReport.class.getResourceAsStream("check-1.schema.json"));
    return schema.validate(json, InputFormat.JSON);
  }

  @Test
  void isValidByTheSchemaThatIsShipped() {
    assertEquals(Set.of(), faults(JsonReport.text(Verdicts.all())));
    assertEquals(Set.of(), faults(JsonReport.text(List.of())));
    List<Judged> compared = List.of(Verdicts.undecided(FailOn.ERROR));
    assertEquals(Set.of(), faults(JsonReport.text(compared)));
    assertFalse(faults(JsonReport.text(compared).replace("\"looks\"", "\"look\"")).isEmpty());
  }

  @Test
  void isNotValidWithAPartMissing() {
    String json = JsonReport.text(Verdicts.all());
    assertFalse(faults(json.replace("\"schema\": 1", "\"schema\": 2")).isEmpty());
    assertFalse(faults(json.replace("\"lastLoss\"", "\"loss\"")).isEmpty());
    assertFalse(faults(json.replace("\"problem\"", "\"why\"")).isEmpty());
    assertFalse(faults(json.replace("\"warning\"", "\"warn\"")).isEmpty());
  }

  @Test
  void givesTheWorstVerdict() {
    assertEquals("unreadable", verdict(Verdicts.all()));
    assertEquals("fail", verdict(List.of(Verdicts.good(), Verdicts.bad(), Verdicts.warned())));
    assertEquals("pass", verdict(List.of(Verdicts.good(), Verdicts.warned())));
  }

  private static String verdict(List<Judged> runs) {
    JsonObject json = JsonParser.parseString(JsonReport.text(runs)).getAsJsonObject();
    return json.get("verdict").getAsString();
  }
}
