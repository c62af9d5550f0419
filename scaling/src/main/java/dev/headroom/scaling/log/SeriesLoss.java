package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Finds the training loss and the validation loss among the series of a run whose names have
 * folders, as TensorBoard's and MLflow's have.
 *
 * <p>Of a name such as {@code Loss/train}, {@code eval/loss} or {@code training_eval/pile/loss} the
 * words for training and validation are taken off; what is left, or its last part, has to be a
 * usual name. A loss per token comes before one that may be a sum over the batch (T5X writes both);
 * a series with negative values comes after all others (no cross-entropy is negative; T5X's is
 * where its token counter overflowed), one of an evaluation after one of the training, and of
 * equals that with more values first.
 */
final class SeriesLoss {
  private static final List<String> NAMES =
      List.of(
          "loss_per_all_target_tokens",
          "loss_per_nonpadding_target_token",
          "loss",
          "lm_loss",
          "reduced_loss",
          "global_avg_loss",
          "avg_loss",
          "loss_step",
          "step_loss",
          "batch_loss",
          "loss_epoch",
          "epoch_loss",
          "nll_loss",
          "ce_loss",
          "cross_entropy",
          "cross_entropy_loss",
          "cross_ent_loss",
          "total_loss");

  private static final Set<String> TRAINING = Set.of("train", "training");
  private static final Set<String> VALIDATION =
      Set.of("eval", "evaluation", "val", "valid", "validation", "test", "dev");

  private record Candidate(String column, int rank, long values) {
    boolean isBetterThan(Candidate other) {
      return other == null || rank < other.rank || (rank == other.rank && values > other.values);
    }
  }

  private final List<Candidate> candidates = new ArrayList<>();
  private Candidate loss;
  private Candidate validation;

  /**
   * Weighs one series.
   *
   * @param column name of its column
   * @param values how many values it has
   * @param least its least value
   */
  void see(String column, long values, double least) {
    boolean isValidation = false;
    List<String> parts = new ArrayList<>();
    for (String part : column.toLowerCase(Locale.ROOT).split("/", -1)) {
      List<String> left = new ArrayList<>();
      for (String word : part.split("[^a-z0-9]+", -1)) {
        isValidation |= VALIDATION.contains(word);
        if (!word.isEmpty() && !TRAINING.contains(word) && !VALIDATION.contains(word)) {
          left.add(word);
        }
      }
      if (!left.isEmpty()) {
        parts.add(String.join("_", left));
      }
    }
    if (parts.isEmpty()) {
      return;
    }
    int whole = NAMES.indexOf(String.join("_", parts));
    int rank = whole >= 0 ? whole : NAMES.indexOf(parts.get(parts.size() - 1));
    if (rank >= 0) {
      weigh(column, isValidation, 4 * rank + (whole < 0 ? 1 : 0) + (least < 0 ? 1000 : 0), values);
    }
  }

  private void weigh(String column, boolean isValidation, int rank, long values) {
    Candidate here = new Candidate(column, rank, values);
    if (isValidation && here.isBetterThan(validation)) {
      validation = here;
    }
    Candidate asLoss = new Candidate(column, rank + (isValidation ? 2 : 0), values);
    candidates.add(asLoss);
    if (asLoss.isBetterThan(loss)) {
      loss = asLoss;
    }
  }

  /** Notes series that could be the loss as well, as in a folder with several runs. */
  void tell(Faults faults) {
    List<String> rivals = new ArrayList<>();
    for (Candidate candidate : candidates) {
      if (candidate.rank == loss.rank && !candidate.column.equals(loss.column)) {
        rivals.add(candidate.column);
      }
    }
    if (!rivals.isEmpty()) {
      faults.note(
          "besides '"
              + loss.column
              + "' there "
              + (rivals.size() == 1 ? "is " : "are ")
              + Names.several(rivals.size() == 1 ? "other loss" : "other losses", rivals)
              + "; choose another with --map loss=NAME");
    }
  }

  /** Returns the columns found, by canonical name. */
  Map<String, String> columns() {
    if (loss == null) {
      return Map.of();
    }
    boolean both = validation != null && !validation.column.equals(loss.column);
    return both
        ? Map.of("loss", loss.column, "val_loss", validation.column)
        : Map.of("loss", loss.column);
  }
}
