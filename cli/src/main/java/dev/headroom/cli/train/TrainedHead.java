package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.training.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;

/** The head of a finished run with the hidden states that reach it on held-out text. */
public final class TrainedHead {

  /**
   * What a head is given.
   *
   * @param hidden [N,D] float32
   * @param weight [V,D] float32
   * @param targets [N] class ids
   * @param options sizes of the head
   */
  public record Input(NDArray hidden, NDArray weight, NDArray targets, HeadOptions options) {}

  private TrainedHead() {}

  /**
   * Loads a run's checkpoint, runs held-out text through the network and hands over what the head
   * gets.
   *
   * @param folder of a run of {@code headroom train} with a checkpoint
   * @param rows about so many tokens, in whole batches, at most those of an evaluation
   * @param use is given the input, which is closed afterwards
   * @throws CommandException with exit code 3 where there is no checkpoint or it cannot be read
   */
  public static <T> T use(Path folder, int rows, Function<Input, T> use) {
    RunState state = RunState.read(folder);
    TrainSettings settings = state.settings();
    TokenCorpus corpus = CorpusReader.read(state.corpusPath(), state.fields());
    Batches batches = new Batches(corpus, settings);
    try (Network network = new Network(settings, TokenSink.CLASSES);
        NDManager manager = network.stepManager()) {
      Checkpoint.restore(
          RunState.file(folder),
          network.decoder().getParameters(),
          new TrainingLoop(settings, batches, network, null).adamw());
      NDList hidden = new NDList();
      NDList targets = new NDList();
      NDArray weight = null;
      for (int i = 0;
          i < batches.evalBatches() && (long) i * settings.tokensPerStep() < rows;
          i++) {
        Batches.Pair batch = batches.evaluation(manager, i);
        NDList out = network.predict(batch.inputs());
        NDArray states = out.get(0);
        states.attach(manager);
        weight = out.get(1);
        hidden.add(states.reshape(-1, settings.width()));
        targets.add(batch.targets().flatten());
      }
      HeadOptions options =
          HeadOptions.of(TokenSink.CLASSES, settings.width()).withThreads(settings.threads());
      NDArray all = NDArrays.concat(hidden);
      NDArray ids = NDArrays.concat(targets);
      return use.apply(new Input(all, weight, ids, options));
    } catch (IOException e) {
      throw new CommandException(ExitCode.INPUT, folder + ": " + e.getMessage());
    }
  }
}
