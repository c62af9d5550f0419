package dev.headroom.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class BoundariesTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.headroom");

  /** The only classes that may touch the engine; everything else must start without its jars. */
  private static final String NEEDS_HEAD =
      ".*\\.(Bench[A-Za-z]*|FilterReport|HeadDoctor|Demo[A-Za-z]*)(\\$.*)?";

  @Test
  void letsLogCommandsStartWithoutTheEngine() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.headroom.cli", "dev.headroom.cli.report")
        .and()
        .haveNameNotMatching(NEEDS_HEAD)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "ai.djl..", "dev.headroom.head..", "dev.headroom.cli.train..", "com.sun.jna..")
        .check(CLASSES);
  }

  @Test
  void letsNothingFlowBackFromTheHalvesToTheCommandLine() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.headroom.head..", "dev.headroom.scaling..", "dev.headroom.fixtures..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.headroom.cli..")
        .check(CLASSES);
  }

  @Test
  void readsVocabulariesWithoutTheEngine() {
    noClasses()
        .that()
        .haveNameMatching(
            "dev\\.headroom\\.head\\.(NumberTokens|internal\\.(Number|Vocabulary|Encoding|Tiktoken|Token)"
                + "[A-Za-z]*)(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.djl..", "com.sun.jna..")
        .check(CLASSES);
  }

  @Test
  void letsChartsKnowNothingOfCommands() {
    noClasses()
        .that()
        .resideInAPackage("dev.headroom.cli.report")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.headroom.cli", "dev.headroom.cli.train..", "picocli..")
        .check(CLASSES);
  }

  @Test
  void letsOnlyMainExit() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.headroom.cli.Headroom")
        .should()
        .callMethod(System.class, "exit", int.class)
        .check(CLASSES);
  }

  @Test
  void findsTheClassesItJudges() {
    classes().that().haveSimpleName("FitCommand").should().bePackagePrivate().check(CLASSES);
  }
}
