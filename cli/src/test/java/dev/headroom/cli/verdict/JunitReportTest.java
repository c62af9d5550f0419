package dev.headroom.cli.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.check.FailOn;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.apache.maven.plugin.surefire.log.api.NullConsoleLogger;
import org.apache.maven.plugins.surefire.report.ReportTestCase;
import org.apache.maven.plugins.surefire.report.ReportTestSuite;
import org.apache.maven.plugins.surefire.report.TestSuiteXmlParser;
import org.junit.jupiter.api.Test;
import org.xml.sax.SAXException;

class JunitReportTest {

  private static Schema schema() throws SAXException {
    return SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(Path.of("src/test/resources/junit/junit-10.xsd").toFile());
  }

  private static void validate(String xml) throws IOException, SAXException {
    schema().newValidator().validate(new StreamSource(new StringReader(xml)));
  }

  private static List<ReportTestSuite> read(String xml) throws Exception {
    ByteArrayInputStream bytes = new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8));
    return new TestSuiteXmlParser(new NullConsoleLogger())
        .parse(new InputStreamReader(bytes, StandardCharsets.UTF_8));
  }

  private static ReportTestCase testCase(ReportTestSuite suite, String rule) {
    return suite.getTestCases().stream()
        .filter(c -> c.getName().equals(rule))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void isValidByTheSchemaOfJenkins() throws Exception {
    validate(JunitReport.text(Verdicts.all()));
    validate(JunitReport.text(List.of()));
    String broken =
        JunitReport.text(Verdicts.all()).replace("testcase classname", "testcase class");
    assertThrows(SAXException.class, () -> validate(broken));
  }

  /** Maven's parser makes a suite of each class name. */
  private static ReportTestSuite suite(List<ReportTestSuite> suites, String name) {
    return suites.stream()
        .filter(s -> s.getFullClassName().equals(name) && !s.getTestCases().isEmpty())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void isReadByMavensParserWithACaseForEachRule() throws Exception {
    List<ReportTestSuite> suites = read(JunitReport.text(Verdicts.all()));
    ReportTestSuite good = suite(suites, "runs/good_jsonl");
    assertEquals(3, good.getNumberOfTests());
    assertEquals(0, good.getNumberOfFailures());
    assertTrue(
        testCase(suite(suites, "warned_csv"), "spike").isSuccessful(), "a warning is no failure");
    ReportTestSuite bad = suite(suites, "runs/bad #1_jsonl");
    assertEquals(1, bad.getNumberOfFailures());
    ReportTestCase finite = testCase(bad, "finite");
    assertEquals("step 8: loss is NaN", finite.getFailureMessage());
    assertTrue(finite.getFailureDetail().contains("step 9: loss is NaN again"));
    assertTrue(testCase(bad, "divergence").isSuccessful());
    ReportTestSuite absent = suite(suites, "absent_csv");
    assertEquals(1, absent.getNumberOfErrors());
    assertTrue(testCase(absent, "readable").getFailureMessage().contains("no such file"));
  }

  @Test
  void keepsEveryCharacterThatXmlCanHold() throws Exception {
    String held = Verdicts.NASTY.replaceAll("[\\x00\\x1b\\uD800\\uFFFE]", "\uFFFD");
    ReportTestSuite suite = suite(read(JunitReport.text(List.of(Verdicts.nasty()))), held);
    assertEquals("step -1: " + held, testCase(suite, "finite").getFailureMessage());
  }

  @Test
  void failsTheCasesThatMakeTheRunFail() throws Exception {
    String strict = JunitReport.text(List.of(Verdicts.warned(FailOn.WARNING)));
    assertTrue(testCase(suite(read(strict), "warned_csv"), "spike").hasFailure());
    String never = JunitReport.text(List.of(Verdicts.warned(FailOn.NEVER)));
    assertTrue(testCase(suite(read(never), "warned_csv"), "spike").isSuccessful());
  }

  @Test
  void skipsWhatGoldenRunsCannotDecide() throws Exception {
    String text = JunitReport.text(List.of(Verdicts.undecided(FailOn.ERROR)));
    validate(text);
    assertTrue(testCase(suite(read(text), "undecided_csv"), "baseline").hasSkipped());
    assertTrue(text.contains("skipped=\"1\""), text);
    String strict = JunitReport.text(List.of(Verdicts.undecided(FailOn.WARNING)));
    assertTrue(testCase(suite(read(strict), "undecided_csv"), "baseline").hasFailure());
  }

  @Test
  void countsWhatItHolds() {
    String xml = JunitReport.text(Verdicts.all());
    assertTrue(xml.contains("tests=\"13\" failures=\"2\" errors=\"1\">\n  <testsuite"), xml);
  }
}
