package dev.headroom.scaling;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.headroom.scaling");

  @Test
  void commonsMathIsUsedInOnePackage() {
    ArchRule rule =
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.headroom.scaling.fit.internal")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.commons.math3..");
    rule.check(CLASSES);
  }

  @Test
  void scalingKnowsNeitherTheEngineNorTheOtherModules() {
    ArchRule rule =
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "ai.djl..",
                "com.sun.jna..",
                "dev.headroom.head..",
                "dev.headroom.cli..",
                "dev.headroom.fixtures..");
    rule.check(CLASSES);
  }

  @Test
  void lawsKnowNothingOfFitting() {
    ArchRule rule =
        noClasses()
            .that()
            .resideInAPackage("dev.headroom.scaling.law")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.headroom.scaling.fit..");
    rule.check(CLASSES);
  }

  @Test
  void nativeCodeIsNotCalled() {
    ArchRule rule =
        noClasses()
            .should()
            .callMethod(System.class, "loadLibrary", String.class)
            .orShould()
            .callMethod(System.class, "load", String.class);
    rule.check(CLASSES);
  }
}
