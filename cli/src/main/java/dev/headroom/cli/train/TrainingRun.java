package dev.headroom.cli.train;

import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.head.training.Checkpoint;
import dev.headroom.listeners.LossLog;
import dev.headroom.listeners.RunStoppedException;
import dev.headroom.listeners.SpectralAlignment;
import dev.headroom.listeners.StepObserver;
import dev.headroom.listeners.TrainingStep;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One run in one folder: from its start or its checkpoint to its last step. */
final class TrainingRun {
  private final Path folder;
  private final Batches batches;
  private final Network network;
  private final TrainingLoop loop;
  private final String header;
  private final long saveEvery;
  private final PrintWriter err;
  private RunState state;
  private long saved;
  private Float valLoss;
  private TrainingStep last;

  /**
   * Prepares a run.
   *
   * @param state where it begins and how far it goes
   * @param saveEvery steps between two checkpoints, 0 for none at all
   * @param alignment what to measure of the layers for the log, or null
   * @param err receives progress; null for none
   */
  TrainingRun(
      Path folder,
      RunState state,
      TokenCorpus corpus,
      long saveEvery,
      SpectralAlignment alignment,
      PrintWriter err) {
    this.folder = folder;
    this.state = state;
    this.saveEvery = saveEvery;
    this.err = err;
    batches = new Batches(corpus, state.settings());
    network = new Network(state.settings(), TokenSink.CLASSES);
    loop = new TrainingLoop(state.settings(), batches, network, alignment);
    header = RunHeader.json(state.settings(), corpus, batches, network);
    saved = state.step();
  }

  Network network() {
    return network;
  }

  Batches batches() {
    return batches;
  }

  /** Returns the log file. */
  Path log() {
    return folder.resolve("log.jsonl");
  }

  /** Returns the last line of the log, or null where no step was made. */
  TrainingStep last() {
    return last;
  }

  /** Returns the last held-out loss, or null. */
  Float valLoss() {
    return valLoss;
  }

  /**
   * Makes the steps that are left.
   *
   * @param observers are told of each step after its update
   * @throws CommandException with exit code 1 where the loss is not finite, 3 where the folder
   *     cannot be written
   */
  void toTheEnd(List<StepObserver> observers) {
    try (LossLog log = openLog();
        Progress progress =
            new Progress(state.step(), state.steps(), state.settings().tokensPerStep(), err)) {
      for (long step = state.step() + 1; step <= state.steps(); step++) {
        last = loop.step(step, step == state.steps(), state.seconds());
        log.write(last);
        progress.step(last);
        valLoss = last.valLoss() == null ? valLoss : last.valLoss();
        requireFinite(step);
        observers.forEach(observer -> observer.onStep(last));
        state = state.at(step, last.seconds());
        if (saveEvery > 0 && (step % saveEvery == 0 || step == state.steps())) {
          save(step);
        }
      }
    } catch (RunStoppedException e) {
      throw new CommandException(ExitCode.CHECK_FAILED, e.getMessage() + kept("; "));
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private LossLog openLog() throws IOException {
    if (state.step() > 0) {
      Checkpoint.restore(RunState.file(folder), network.decoder().getParameters(), loop.adamw());
      if (Files.exists(log())) {
        return LossLog.continueAfter(log(), state.step());
      }
    }
    return LossLog.create(log(), header);
  }

  private void save(long step) throws IOException {
    Checkpoint.save(
        RunState.file(folder), state.json(), network.decoder().getParameters(), loop.adamw());
    saved = step;
  }

  private void requireFinite(long step) {
    if (!Float.isFinite(last.loss()) || !Double.isFinite(last.gradNorm())) {
      throw new CommandException(
          ExitCode.CHECK_FAILED,
          "step "
              + step
              + ": loss "
              + last.loss()
              + ", gradient norm "
              + last.gradNorm()
              + " (expected: finite numbers; stopped before the update, lower the peak of --schedule"
              + kept("; ")
              + ")");
    }
  }

  private String kept(String before) {
    return saved == 0 ? "" : before + "the checkpoint of step " + saved + " is whole";
  }

  private CommandException unwritable(IOException e) {
    String reason =
        e instanceof FileSystemException system && system.getReason() != null
            ? system.getFile() + ": " + system.getReason()
            : e.getMessage();
    return new CommandException(
        ExitCode.INPUT,
        "run folder "
            + folder
            + ": "
            + reason
            + kept("; ")
            + (saved == 0 ? "" : ", --resume continues from it"));
  }
}
