package dev.headroom.scaling.choice;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Chooses between laws by how well they predict the larger runs from the smaller ones.
 *
 * <p>At several cuts each law is fitted to the runs below and asked for those above; its score is
 * the mean over cuts of the mean absolute error of log-loss. A law is not told apart from the best
 * one when the Student interval of their differences, cut by cut, holds zero. R2 is given and not
 * used: it rewards the middle of the data, where all laws bend alike.
 *
 * @param scores the laws, the best first
 * @param cuts number of cuts; 0 where the runs are too few, and then the order is that of the fit
 *     to all runs
 * @param notes laws that could not be compared, and why
 */
public record LawChoice(List<Score> scores, int cuts, List<String> notes) {

  private static final double LEVEL = .95;

  /**
   * How one law did.
   *
   * @param fit its fit to all runs
   * @param r2 share of the variance of the loss that this fit explains
   * @param fitted mean absolute error of log-loss on the runs it was fitted to
   * @param held mean absolute error of log-loss on held-out larger runs; NaN without cuts
   * @param errors this error at each cut, the smallest cut first
   * @param likeBest whether the cuts do not tell it from the best law
   */
  public record Score(
      Fit fit, double r2, double fitted, double held, double[] errors, boolean likeBest) {
    public Score {
      errors = errors.clone();
    }

    /** Returns the name of the law. */
    public String name() {
      return fit.law().name();
    }
  }

  public LawChoice {
    scores = List.copyOf(scores);
    notes = List.copyOf(notes);
  }

  /**
   * Compares laws.
   *
   * @param laws those to compare; one whose variables the runs lack is left out in silence
   * @throws IllegalArgumentException where none can be fitted
   */
  public static LawChoice of(Runs runs, List<Law> laws, FitOptions options) {
    List<String> notes = new ArrayList<>();
    List<Law> fitted = new ArrayList<>();
    List<Fit> fits = new ArrayList<>();
    for (Law law : runs.allowed(laws)) {
      try {
        fits.add(Fitter.fit(law, runs.observations(law), options));
        fitted.add(law);
      } catch (IllegalArgumentException e) {
        notes.add(law.name() + " left out: " + e.getMessage());
      }
    }
    if (fitted.isEmpty()) {
      throw new IllegalArgumentException(
          "laws: none fits (expected: columns and rows for at least one"
              + (notes.isEmpty() ? "" : "; " + String.join("; ", notes))
              + ")");
    }
    List<Member> members =
        fitted.stream().map(law -> new Member(law, options.withBootstrap(0), 1)).toList();
    return scored(runs, fits, Backtest.of(members, runs), notes);
  }

  private static LawChoice scored(
      Runs runs, List<Fit> fits, Backtest backtest, List<String> notes) {
    List<Score> scores = new ArrayList<>();
    for (int m = 0; m < fits.size(); m++) {
      double[] errors = backtest.errors(m);
      double held = Arrays.stream(errors).average().orElse(Double.NaN);
      scores.add(
          new Score(
              fits.get(m), r2(runs, fits.get(m)), fitted(runs, fits.get(m)), held, errors, true));
    }
    scores.sort(Comparator.comparingDouble((Score s) -> backtest.cuts() == 0 ? s.fitted : s.held));
    double[] best = scores.get(0).errors;
    scores.replaceAll(
        s -> new Score(s.fit, s.r2, s.fitted, s.held, s.errors, likeBest(best, s.errors)));
    return new LawChoice(scores, backtest.cuts(), notes);
  }

  private static boolean likeBest(double[] best, double[] errors) {
    int n = best.length;
    double mean = 0;
    for (int c = 0; c < n; c++) {
      mean += (errors[c] - best[c]) / n;
    }
    double squares = 0;
    for (int c = 0; c < n; c++) {
      squares += Math.pow(errors[c] - best[c] - mean, 2);
    }
    double half = StudentT.twoSided(LEVEL, n - 1) * Math.sqrt(squares / (n - 1) / n);
    return n < 2 || mean <= half;
  }

  private static double fitted(Runs runs, Fit fit) {
    double sum = 0;
    for (int i = 0; i < runs.size(); i++) {
      sum += Math.abs(Math.log(runs.loss()[i] / fit.predict(runs.row(fit.law(), i))));
    }
    return sum / runs.size();
  }

  private static double r2(Runs runs, Fit fit) {
    double mean = Arrays.stream(runs.loss()).average().orElse(0);
    double residual = 0;
    double total = 0;
    for (int i = 0; i < runs.size(); i++) {
      residual += Math.pow(runs.loss()[i] - fit.predict(runs.row(fit.law(), i)), 2);
      total += Math.pow(runs.loss()[i] - mean, 2);
    }
    return 1 - residual / total;
  }

  /** Returns the law chosen. */
  public Score best() {
    return scores.get(0);
  }

  /** Returns the choice in words, one sentence each. */
  public List<String> explanation() {
    List<String> words = new ArrayList<>();
    if (cuts == 0) {
      words.add(
          "too few runs of different scale to hold larger ones out: the order is that of the error"
              + " on the runs fitted, which says little about larger runs");
      return words;
    }
    words.add(
        String.format(
            Locale.ROOT,
            "%s is chosen: fitted to the smaller runs it misses the larger ones by %s on average"
                + " over %d cut%s",
            best().name(),
            percent(best().held),
            cuts,
            cuts == 1 ? "" : "s"));
    for (Score score : scores.subList(1, scores.size())) {
      words.add(against(score));
    }
    Score byR2 = scores.stream().max(Comparator.comparingDouble(Score::r2)).orElse(best());
    if (!byR2.name().equals(best().name())) {
      words.add(
          String.format(
              Locale.ROOT,
              "R2 would have chosen %s (%.5f against %.5f), which extrapolates %.3g times worse: it"
                  + " measures the fit where the data are, not beyond",
              byR2.name(),
              byR2.r2,
              best().r2,
              byR2.held / best().held));
    } else if (scores.size() > 1) {
      words.add("R2 is given and was not used: it measures the fit where the data are, not beyond");
    }
    return words;
  }

  private String against(Score score) {
    if (score.likeBest) {
      return String.format(
          Locale.ROOT,
          "%s misses them by %s: not told apart from %s by these cuts",
          score.name(),
          percent(score.held),
          best().name());
    }
    int worse = 0;
    for (int c = 0; c < cuts; c++) {
      worse += score.errors[c] > best().errors[c] ? 1 : 0;
    }
    return String.format(
        Locale.ROOT,
        "%s misses them by %s, worse at %d of %d cuts",
        score.name(),
        percent(score.held),
        worse,
        cuts);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2g %%", 100 * share);
  }
}
