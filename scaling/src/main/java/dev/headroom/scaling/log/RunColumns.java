package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Chooses the columns of a run: those the map names, else those with a usual name. */
final class RunColumns {
  private static final String[][] USUAL = {
    {
      "step",
      "step",
      "_step",
      "global_step",
      "iteration",
      "iter",
      "it",
      "train_step",
      "global_steps",
      "iterations",
      "trainer_global_step",
      "current_steps",
      "steps"
    },
    {
      "loss",
      "reduced_train_loss",
      "loss",
      "train_loss",
      "training_loss",
      "lm_loss",
      "train_loss_step",
      "loss_step",
      "train_loss_epoch",
      "reduced_train_loss",
      "loss_train",
      "train_crossentropyloss",
      "train_ce_loss",
      "val_loss",
      "validation_loss",
      "valid_loss",
      "eval_loss",
      "lm_loss_value",
      "final_loss"
    },
    {
      "tokens",
      "tokens",
      "consumed_tokens",
      "token_num",
      "tokens_seen",
      "throughput_total_tokens",
      "num_tokens",
      "n_tokens"
    },
    {"lr", "lr", "learning_rate", "train_lr", "train_learning_rate", "optim_learning_rate_group0"},
    {"grad_norm", "grad_norm", "gradient_norm", "train_grad_norm", "optim_total_grad_norm", "norm"},
    {"time", "time", "wall_time", "_runtime", "elapsed", "relative_time_process"},
    {
      "val_loss",
      "val_loss",
      "validation_loss",
      "valid_loss",
      "eval_loss",
      "val_loss_epoch",
      "lm_loss_value",
      "lm_loss_validation"
    },
    {
      "throughput",
      "throughput",
      "tokens_per_second",
      "tokens_per_sec",
      "tok_s",
      "tps",
      "throughput_tps",
      "tokens_per_second_per_gpu",
      "samples_per_second",
      "train_samples_per_second"
    },
    {
      "step_seconds",
      "step_seconds",
      "step_time",
      "iteration_time",
      "elapsed_time_per_iteration__s_",
      "elapsed_time_per_iteration__ms_",
      "seconds_per_step",
      "train_step_timing_in_s",
      "step_avg"
    },
    {"loss_scale", "loss_scale", "lossscale"},
    {"skipped", "skipped", "number_of_skipped_iterations", "skipped_iterations"},
    {"overflows", "overflows", "grad_overflow", "grad_overflows"},
    {"max_logit", "max_logit", "logits_max", "max_logits"},
    {"lse", "lse", "z", "log_z", "logsumexp", "z_mean"}
  };

  /** Columns of single layers, which keep their names. */
  private static final String LAYERS = "sign_diversity.";

  private static final String[] RUN = {"", "run", "run_id", "run_name", "run_number", "seed"};

  private final String file;
  private String runColumn;
  private final Map<String, String> chosen = new LinkedHashMap<>();
  private final Map<String, String> asked;

  private RunColumns(String file, Map<String, String> asked) {
    this.file = file;
    this.asked = asked;
  }

  static RunColumns choose(
      String file, ColumnMap map, Cells cells, RowSource source, Faults faults) {
    RunColumns out = new RunColumns(file, map.columns());
    List<String> present = cells.names();
    for (String[] row : USUAL) {
      String column = map.column(row[0]);
      if (column == null) {
        column = source.columns().get(row[0]);
        column = column == null ? usual(row, present) : column;
        column = column == null ? LikelyColumns.of(row[0], present) : column;
        if (column != null && row[0].equals("loss") && !column.equals("loss")) {
          faults.note("the loss is taken from column '" + column + "'");
        }
      }
      if (column != null) {
        out.chosen.put(row[0], column);
      } else if ((row[0].equals("step") || row[0].equals("loss")) && !present.isEmpty()) {
        throw new IllegalArgumentException(
            Names.missing(file, row[0], present) + "; map it with " + row[0] + "=COLUMN");
      }
    }
    present.stream().filter(n -> n.startsWith(LAYERS)).forEach(n -> out.chosen.put(n, n));
    out.units(faults);
    // What serves as the loss already is not repeated as the validation loss.
    if (map.column("val_loss") == null) {
      out.chosen.remove("val_loss", out.chosen.get("loss"));
    }
    out.chosen.putAll(map.columns());
    out.runColumn = usual(RUN, present);
    if (source.namesAreComplete()) {
      out.requireFound(cells);
    }
    return out;
  }

  /** Notes what the names say of units other than steps and nats. */
  private void units(Faults faults) {
    String unit = unit();
    if (!unit.equals("steps") && !unit.equals("unknown")) {
      faults.note("the axis counts " + unit + " (column '" + chosen.get("step") + "'), not steps");
    }
    String loss = chosen.get("loss");
    String bits = loss == null ? "" : "_" + plain(loss) + "_";
    if (bits.matches(".*_(bits?|bpb|bpc|bpt|bpw|log2)_.*")) {
      faults.note("the loss is in bits by its name '" + loss + "' (expected: nats; times 0.6931)");
    } else if (bits.matches(".*_(ppl|perplexity)_.*")) {
      faults.note("the loss is a perplexity by its name '" + loss + "' (expected: nats, its log)");
    }
  }

  /** Returns what the axis counts by the name of its column: steps, tokens, ... or unknown. */
  String unit() {
    return LikelyColumns.unit(chosen.get("step"));
  }

  /** Returns the column that tells several runs of one file apart, or null. */
  String runColumn() {
    return runColumn;
  }

  /** Returns the column with a usual name of a quantity, or null. */
  static String usual(String quantity, List<String> present) {
    for (String[] row : USUAL) {
      if (row[0].equals(quantity)) {
        return usual(row, present);
      }
    }
    return null;
  }

  private static String usual(String[] row, List<String> present) {
    for (int i = 1; i < row.length; i++) {
      for (String name : present) {
        if (plain(name).equals(row[i])) {
          return name;
        }
      }
    }
    return null;
  }

  static String plain(String name) {
    StringBuilder out = new StringBuilder();
    for (char c : name.trim().toLowerCase(Locale.ROOT).toCharArray()) {
      out.append(Character.isLetterOrDigit(c) ? c : '_');
    }
    return out.toString();
  }

  /** Refuses a run in which columns that the map names never appeared. */
  void requireFound(Cells cells) {
    if (cells.names().isEmpty()) {
      return;
    }
    for (String column : asked.values()) {
      if (cells.find(column) < 0) {
        throw new IllegalArgumentException(Names.missing(file, column, cells.names()));
      }
    }
  }

  /** Returns the quantities beside step and loss. */
  List<String> others() {
    List<String> out = new ArrayList<>(chosen.keySet());
    out.remove("step");
    out.remove("loss");
    return out;
  }

  /** Returns all quantities that a column was found for. */
  Set<String> quantities() {
    return chosen.keySet();
  }

  String column(String quantity) {
    return chosen.get(quantity);
  }
}
